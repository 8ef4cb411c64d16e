import { z } from 'zod';
import { listOf } from './api.ts';
import { pollRunSchema } from './sources-api.ts';

/** The most missed slots that are counted. */
export const MAX_MISSED = 1000;

/** One polled source with what came of polling it. */
const scheduleItemSchema = z
  .object({
    id: z.string().describe('The source.'),
    owner: z.enum(['file', 'api']),
    schedule: z.string().describe('Cron with seconds, in UTC.'),
    url: z.string(),
    paused: z.boolean(),
    nextRunAt: z.string().nullable().describe('Null while it is paused.'),
    dueAt: z
      .string()
      .nullable()
      .describe(
        'The first slot that has passed without a run, five seconds ago or more; null: it is on time.',
      ),
    missed: z
      .number()
      .int()
      .describe(
        `How many slots have passed since the last run, or since it was changed or resumed; ${MAX_MISSED} at most.`,
      ),
    lagSeconds: z
      .number()
      .nullable()
      .describe('Seconds since the last run that read everything began; null: there was none.'),
    cursor: z.string().nullable().describe('Up to where it was read, in words.'),
    runs: z.array(pollRunSchema).describe('The last 20, newest first.'),
  })
  .meta({ id: 'Schedule' });
export type ScheduleItem = z.infer<typeof scheduleItemSchema>;

export const scheduleListSchema = listOf(scheduleItemSchema);
