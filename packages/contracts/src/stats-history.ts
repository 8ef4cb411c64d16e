import { z } from 'zod';
import { isInOrder, NOT_IN_ORDER, timeRange } from './time-range.ts';

/** For how long that is kept, in ms: 31 days. */
export const SAMPLES_KEPT_MS = 31 * 86_400_000;

/** The longest time that can be asked for, in ms: a day more, because its ends may be moved to whole buckets. */
export const MAX_HISTORY_MS = 32 * 86_400_000;

/** The most marks of an answer. */
export const MAX_MARKS = 50;

/** What waited in the queue at a moment (`samples`); counts are of jobs. */
export type SampledQueue = {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
  readonly parked: number;
  /** How long the next job had waited; null = none waited. */
  readonly oldestWaitingMs: number | null;
};

/** What one of the schedulers saw at a moment. */
export type Sample = {
  readonly at: Date;
  /** Null when Redis did not tell. */
  readonly queue: SampledQueue | null;
  /** Whether a backup was set up. */
  readonly hasBackup: boolean;
  /** How far the backup was behind; null = nobody knew. */
  readonly replicationLagMs: number | null;
};

export const statsHistoryQuerySchema = z.strictObject(timeRange).refine(isInOrder, NOT_IN_ORDER);
export type StatsHistoryQuery = z.infer<typeof statsHistoryQuerySchema>;

const most = z.number().int().describe('The most in the bucket.');

const historyBucketSchema = z
  .object({
    at: z.string().describe('When it begins.'),
    queue: z
      .object({
        waiting: most,
        active: most,
        delayed: most,
        failed: most,
        parked: most,
        oldestWaitingMs: most
          .nullable()
          .describe('How long the next job had waited, at most; null: none waited.'),
      })
      .nullable()
      .describe('Jobs of the queue by state; null: nobody knows.'),
    replicationLagMs: z
      .number()
      .nullable()
      .describe('How far the backup was behind, at most; null: nobody knows, or there was no backup.'),
  })
  .meta({ id: 'HistoryBucket' });
export type HistoryBucket = z.infer<typeof historyBucketSchema>;

/** What is known of a version of an app (`app_versions`). */
export type SeenVersion = {
  readonly app: string;
  readonly version: string;
  /** When its first process started, after a time in which none of it ran. */
  readonly since: Date;
  /** When one of its processes was heard of last. */
  readonly seenAt: Date;
};

/** What somebody did that can explain a change in the numbers. */
const MARK_KINDS = ['mapping', 'mapping-retired', 'replay', 'discard', 'full-sync', 'deploy'] as const;

const historyMarkSchema = z
  .object({
    at: z
      .string()
      .describe(
        'When the mapping became active last, or was retired, the operation was started, or the first process of the version.',
      ),
    kind: z
      .enum(MARK_KINDS)
      .describe(
        '`mapping-retired`: and no other took its place. `deploy`: a version of apps of which nothing ran just before.',
      ),
    subject: z.string().describe('The source of a mapping; the id of an operation; the version.'),
    revision: z.number().int().nullable().describe('Of a mapping.'),
    apps: z.array(z.string()).optional().describe('Of a deploy: what was started of that version.'),
  })
  .meta({ id: 'HistoryMark' });
export type HistoryMark = z.infer<typeof historyMarkSchema>;

export const statsHistorySchema = z
  .object({
    stepSeconds: z.number().int().describe('How long a bucket is: so that there are 120 at most.'),
    buckets: z
      .array(historyBucketSchema)
      .describe('The oldest first, up to now; those that nobody sampled are there too, with nulls.'),
    hasBackup: z.boolean().describe('Whether a backup was set up at any moment of it.'),
    marks: z
      .array(historyMarkSchema)
      .describe(
        `Mappings that became active, or were retired without another, operations on many events, and versions that were put in place: the newest ${MAX_MARKS}.`,
      ),
  })
  .meta({ id: 'StatsHistory' });
export type StatsHistory = z.infer<typeof statsHistorySchema>;
