import { z } from 'zod';
import { isInOrder, NOT_IN_ORDER, timeRange } from './time-range.ts';

/** Events by class of latency; see latency.ts. */
export const latencyCountsSchema = z
  .record(z.string().regex(/^\d{1,2}$/), z.number().int())
  .describe(
    'Events that were stored at their first run, by how long that took from their arrival: class `n` = at most 2^n ms, and more than the class before.',
  );

/** How long a bucket can be, in seconds: the short ones of the last hour, the long ones of the last two days. */
const RECENT_STEPS = ['15', '30', '60', '180', '900'] as const;

/** The most buckets of an answer: 24 hours of 3 minutes, and an hour more for a `from` by another clock. */
export const MAX_RECENT_BUCKETS = 500;

export const recentStatsQuerySchema = z
  .strictObject({
    step: z.enum(RECENT_STEPS).default('60').describe('How many seconds a bucket is long.'),
    source: z.string().max(64).optional().describe('Only events of this source.'),
    client_id: z.string().max(64).optional().describe('Another name of `source`.'),
    ...timeRange,
  })
  .refine(isInOrder, NOT_IN_ORDER);
export type RecentStatsQuery = {
  readonly stepSeconds: number;
  readonly source?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
};

const count = z.number().int();

const counts = {
  accepted: count.describe('New events that were stored.'),
  normalized: count,
  duplicate: count,
  dead: count,
  failed: count.describe('Attempts that failed and will be repeated.'),
};

const recentBucketSchema = z
  .object({
    at: z.string().describe('When it begins.'),
    ...counts,
    rejected: count.describe('Requests that were refused; see `rejectedKnownFrom`.'),
    latency: latencyCountsSchema,
  })
  .meta({ id: 'RecentBucket' });
export type RecentBucket = z.infer<typeof recentBucketSchema>;

export const rejectedKnownFrom = z
  .string()
  .nullable()
  .describe(
    'From when on every refused request is counted, if older ones were forgotten: only so many are kept, and nobody knows how many were refused before. Null: all of this time are counted.',
  );

export const recentStatsSchema = z
  .object({
    stepSeconds: count,
    buckets: z
      .array(recentBucketSchema)
      .describe('The oldest first, empty ones included; the one that now is in is still open.'),
    sources: z
      .array(z.object({ source: z.string(), ...counts }))
      .describe('The same time by source: the 100 with most events.'),
    knownFrom: z
      .string()
      .nullable()
      .describe(
        'When the counting in steps of 180 s and more began, if events came before: nobody knows what was settled in earlier buckets, which are told as empty. Null: all buckets are known.',
      ),
    rejectedKnownFrom,
  })
  .meta({ id: 'RecentStats' });
export type RecentStats = z.infer<typeof recentStatsSchema>;
