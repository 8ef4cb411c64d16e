import { z } from 'zod';

/** How long a bucket of the last hour can be, in seconds. */
const RECENT_STEPS = ['15', '30', '60'] as const;

export const recentStatsQuerySchema = z.strictObject({
  step: z.enum(RECENT_STEPS).default('60').describe('How many seconds a bucket is long.'),
});

const count = z.number().int();

const recentBucketSchema = z
  .object({
    at: z.string().describe('When it begins.'),
    accepted: count.describe('New events that were stored.'),
    normalized: count,
    duplicate: count,
    dead: count,
    failed: count.describe('Attempts that failed and will be repeated.'),
  })
  .meta({ id: 'RecentBucket' });
export type RecentBucket = z.infer<typeof recentBucketSchema>;

export const recentStatsSchema = z
  .object({
    stepSeconds: count,
    buckets: z
      .array(recentBucketSchema)
      .describe('The last 60 minutes, the oldest first, empty ones included; the last one is still open.'),
  })
  .meta({ id: 'RecentStats' });
export type RecentStats = z.infer<typeof recentStatsSchema>;
