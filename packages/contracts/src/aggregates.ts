import { z } from 'zod';

/** How long the buckets of aggregates can be. */
export const INTERVALS = ['minute', '5m', 'hour', 'day'] as const;
export type Interval = (typeof INTERVALS)[number];

/** A week of minutes: the most buckets that a question may span when it names both its ends. */
export const MAX_BUCKETS = 10_080;

/** The most entries of an answer. */
export const MAX_AGGREGATES = 20_000;

/** Numbers taken from one event at most, and how long the name of a metric may be; the others are left out. */
export const MAX_EVENT_METRICS = 32;
export const MAX_METRIC_LENGTH = 128;

/** Metrics of one source in one bucket at most; values of further ones are left out, and counted. */
export const MAX_BUCKET_METRICS = 500;

const time = z.iso.datetime({ offset: true }).or(z.iso.date());
const source = z.string().max(64).optional().describe('Only events of this source.');
const clientId = z.string().max(64).optional().describe('Another name of `source`.');

export const aggregatesQuerySchema = z.strictObject({
  source,
  client_id: clientId,
  type: z.string().min(1).max(128).optional().describe('Only events of this type, like `metric`.'),
  metric: z
    .string()
    .min(1)
    .max(MAX_METRIC_LENGTH)
    .optional()
    .describe('Only this metric: what a metric event names, or the name of a numeric field.'),
  startDate: time
    .optional()
    .describe('Only from this time of the events on: RFC 3339, or a date (UTC). Whole seconds count.'),
  endDate: time
    .optional()
    .describe(
      'Only before this time of the events: RFC 3339, or a date, whose day is included (UTC). Whole seconds count. Not earlier than `startDate`.',
    ),
  interval: z.enum(INTERVALS).default('day').describe('How long a bucket is; it begins at full ones in UTC.'),
});
export type AggregatesQuery = z.infer<typeof aggregatesQuerySchema>;

const values = {
  count: z.number().int().describe('How many values.'),
  sum: z.number(),
  min: z.number(),
  max: z.number(),
  avg: z.number(),
};

const seriesSchema = z
  .object({
    bucket: z.string().describe('When it begins.'),
    source: z.string(),
    metric: z.string(),
    ...values,
  })
  .meta({ id: 'AggregateEntry' });
export type AggregateEntry = z.infer<typeof seriesSchema>;

const eventCountSchema = z
  .object({
    bucket: z.string().describe('When it begins.'),
    source: z.string(),
    type: z.string(),
    count: z.number().int(),
  })
  .meta({ id: 'EventCount' });
export type EventCount = z.infer<typeof eventCountSchema>;

export const aggregatesSchema = z
  .object({
    series: z
      .array(seriesSchema)
      .describe('By bucket, source and metric; buckets without values are left out.'),
    events: z
      .array(eventCountSchema)
      .describe('How many events of each type, with numbers or without; empty when a metric is asked for.'),
    totals: z
      .object({
        ...values,
        min: z.number().nullable(),
        max: z.number().nullable(),
        avg: z.number().nullable(),
        events: z.number().int().describe('How many events; 0 when a metric is asked for.'),
        leftOut: z
          .number()
          .int()
          .describe('Values left out, because an event or a source had too many metrics, or too long names.'),
      })
      .describe('Over all values of `series`.'),
  })
  .meta({ id: 'Aggregates' });
export type Aggregates = z.infer<typeof aggregatesSchema>;
