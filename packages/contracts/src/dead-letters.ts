import { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import { isInOrder, NOT_IN_ORDER, timeRange } from './time-range.ts';
import { wholeNumber } from './whole-number.ts';

/** Where an event can die, in the order of its way: a fingerprint tells one from the other. */
const STAGES: Partial<Readonly<Record<ErrorCode, string>>> = {
  ERR_KEY_REUSED: 'identify',
  ERR_PAYLOAD_UNPARSABLE: 'parse',
  ERR_VERSION_UNKNOWN: 'upcast',
  ERR_UPCAST_FAILED: 'upcast',
  ERR_ADAPTER_FAILED: 'map',
  ERR_FIELD_REQUIRED: 'map',
  ERR_FIELD_UNREADABLE: 'map',
};

/** Returns the stage at which an event dies of a code; `process` for what can happen anywhere. */
export function toStage(code: string): string {
  return STAGES[code as ErrorCode] ?? 'process';
}

/** Parts of the time between the oldest and the newest dead letter that are counted one by one. */
export const SPARKLINE_POINTS = 24;

/** The most groups that are listed. */
const MAX_GROUPS = 500;

/** The query of `GET /api/dead-letters`. */
export const deadLettersQuerySchema = z
  .strictObject({
    source: z.string().max(64).optional().describe('Only events of this source.'),
    code: z.string().max(64).optional().describe('Only events that died with this error code.'),
    ...timeRange,
    discarded: z
      .enum(['true', 'false'])
      .default('false')
      .transform((value) => value === 'true')
      .describe('`true` lists what was discarded instead.'),
    limit: wholeNumber(1, MAX_GROUPS).default(50).describe('How many groups at most.'),
  })
  .refine(isInOrder, NOT_IN_ORDER);
export type DeadLettersQuery = Readonly<z.infer<typeof deadLettersQuerySchema>>;

/** Dead letters of one kind. */
const deadLetterGroupSchema = z
  .object({
    fingerprint: z.string().describe('Names the kind: stage, code, and the message without what differs.'),
    stage: z.string().describe('Where they died, like `parse` or `map`.'),
    code: z.string(),
    message: z.string().describe('The message with ids, numbers, times, hosts and values masked.'),
    count: z.number().int(),
    sources: z.record(z.string(), z.number().int()).describe('The 20 sources with most of them.'),
    oldest: z.string().describe('When the first of them was received.'),
    newest: z.string(),
    lastFiveMinutes: z.number().int().describe('How many of them were received in the last five minutes.'),
    sampleIds: z.array(z.string()).describe('Up to 5 of them, the newest first.'),
    sparkline: z
      .array(z.number().int())
      .describe(`How many were received in each of ${SPARKLINE_POINTS} equal parts of the window.`),
  })
  .meta({ id: 'DeadLetterGroup' });
export type DeadLetterGroup = z.infer<typeof deadLetterGroupSchema>;

/** The answer of `GET /api/dead-letters`: the largest groups first. */
export const deadLettersSchema = z
  .object({
    total: z.number().int().describe('Dead letters in all groups, also those that are not listed.'),
    groups: z.number().int().describe('How many groups there are.'),
    window: z
      .object({ from: z.string(), to: z.string() })
      .nullable()
      .describe('The time that the sparklines span; null when there is nothing.'),
    items: z.array(deadLetterGroupSchema),
  })
  .meta({ id: 'DeadLetters' });
export type DeadLetters = z.infer<typeof deadLettersSchema>;
