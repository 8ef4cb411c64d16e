import { z } from 'zod';
import { latencyCountsSchema, rejectedKnownFrom } from './recent-stats.ts';
import { isInOrder, NOT_IN_ORDER, timeRange } from './time-range.ts';

/** The most entries of an answer. */
export const MAX_HOURLY_STATS = 20_000;

export const hourlyStatsQuerySchema = z
  .strictObject({
    source: z.string().max(64).optional().describe('Only events of this source.'),
    client_id: z.string().max(64).optional().describe('Another name of `source`.'),
    ...timeRange,
  })
  .refine(isInOrder, NOT_IN_ORDER);
export type HourlyStatsQuery = z.infer<typeof hourlyStatsQuerySchema>;

const counts = {
  accepted: z
    .number()
    .int()
    .describe('Events that are stored; what waits in the queue is not among them yet.'),
  normalized: z.number().int(),
  duplicate: z.number().int(),
  dead: z.number().int(),
  failed: z.number().int().describe('Waiting for another attempt.'),
  pending: z.number().int().describe('Parked or set apart.'),
};

const hourSchema = z
  .object({
    hour: z.string().describe('When it begins.'),
    source: z.string(),
    ...counts,
    latency: latencyCountsSchema,
  })
  .meta({ id: 'HourlyStats' });
export type HourEntry = z.infer<typeof hourSchema>;

export const hourlyStatsSchema = z
  .object({
    hours: z
      .array(hourSchema)
      .describe('By hour of arrival, the newest first, and source; empty ones are left out.'),
    rejected: z
      .array(z.object({ hour: z.string(), count: z.number().int() }))
      .describe('Requests that were refused in each hour, the newest first; see `rejectedKnownFrom`.'),
    rejectedKnownFrom,
    totals: z.object(counts),
  })
  .meta({ id: 'HourlyStatsAnswer' });
export type HourlyStats = z.infer<typeof hourlyStatsSchema>;
