import { z } from 'zod';
import { listOf, pageSchema } from './api.ts';
import { EVENT_ID_PATTERN } from './event.ts';
import { OPERATION_STATES, type OperationState } from './operation-states.ts';
import { isInOrder, NOT_IN_ORDER, timeRange } from './time-range.ts';

// The page takes the states from a file of their own, without the schemas and the library that these need.
export { LIVE_STATES, OPERATION_STATES, type OperationState } from './operation-states.ts';

export const OPERATION_KINDS = ['replay', 'discard'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** The ids of operations. */
const OPERATION_ID_PATTERN = /^op_[0-9a-f]{24}$/;

/** Events replayed a second when nothing is said, and what may be asked for. */
export const DEFAULT_RATE_PER_SECOND = 20;
export const MIN_RATE_PER_SECOND = 0.1;
export const MAX_RATE_PER_SECOND = 10_000;

/** When a replay stops itself, if nothing is said: this share of so many outcomes. */
export const DEFAULT_STOP_SHARE = 0.5;
export const MIN_STOP_SHARE = 0.01;
export const STOP_AFTER_OUTCOMES = 20;

/** How many events one filter may name, and how many ids an operation keeps of those that failed again. */
const MAX_IDS = 1000;
export const MAX_KEPT_IDS = 1000;

/** Names the job in which an operation runs an event again: the same however often it is added. */
export function toReplayJobId(eventId: string, operation: string): string {
  return `${eventId}-r-${operation}`;
}

/** Which dead letters an operation is about. */
const deadFilterSchema = z
  .strictObject({
    status: z.literal('dead').default('dead').describe('Only dead events can be replayed or discarded.'),
    source: z.string().min(1).max(64).optional().describe('Only events of this source.'),
    code: z.string().min(1).max(64).optional().describe('Only events that died with this error code.'),
    fingerprint: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('Only events of this group of dead letters (`GET /api/dead-letters`).'),
    ...timeRange,
    ids: z
      .array(z.string().regex(EVENT_ID_PATTERN))
      .min(1)
      .max(MAX_IDS)
      .optional()
      .describe(
        'Only these events; those that were discarded among them too, unless `discarded` says otherwise.',
      ),
    discarded: z
      .boolean()
      .optional()
      .describe('True: only events that were discarded. Without it and without `ids`: only others.'),
  })
  .meta({ id: 'DeadFilter' });
export type DeadFilter = Readonly<z.infer<typeof deadFilterSchema>>;

const count = z.number().int();
const at = z.string().describe('RFC 3339, UTC.');
const reason = z.string().trim().min(1).max(500).describe('Why, for whoever reads it later.');

const watermark = z.iso
  .datetime({ offset: true })
  .optional()
  .describe('That of a plan: what died later is not part of it. Now when left out; never later than now.');

const FILTER_NOT_IN_ORDER = { ...NOT_IN_ORDER, path: ['filter', ...NOT_IN_ORDER.path] };

/** Only requests are checked for it: operations that earlier builds accepted are shown, and come to their end. */
function isFilterInOrder({ filter }: { readonly filter: Pick<DeadFilter, 'from' | 'to'> }): boolean {
  return isInOrder(filter);
}

/** The body of `POST /api/replays`. */
export const replayRequestSchema = z
  .strictObject({
    filter: deadFilterSchema.describe('Which dead letters; `{}` for all of them.'),
    dryRun: z.boolean().default(false).describe('Only tell the plan.'),
    watermark,
    ratePerSecond: z
      .number()
      .min(MIN_RATE_PER_SECOND)
      .max(MAX_RATE_PER_SECOND)
      .default(DEFAULT_RATE_PER_SECOND)
      .describe(
        'Events put into the queue a second at most; REPLAY_MAX_PER_SECOND is the most one may ask for.',
      ),
    stopAtFailureShare: z
      .number()
      .min(MIN_STOP_SHARE)
      .max(1)
      .default(DEFAULT_STOP_SHARE)
      .describe(
        `Pause by itself when at least this share of the outcomes failed again, from ${STOP_AFTER_OUTCOMES} outcomes on; 1 = only if all did.`,
      ),
    reason: reason.optional(),
  })
  .refine(isFilterInOrder, FILTER_NOT_IN_ORDER);

/** The body of `POST /api/events/:id/replay`; it may be left out. */
export const replayOneSchema = z.strictObject({ reason: reason.optional() }).nullish();

/** The body of `POST /api/discards`. */
export const discardRequestSchema = z
  .strictObject({
    filter: deadFilterSchema.omit({ discarded: true }).describe('Which dead letters; `{}` for all of them.'),
    dryRun: z.boolean().default(false).describe('Only tell the plan.'),
    watermark,
    reason,
  })
  .refine(isFilterInOrder, FILTER_NOT_IN_ORDER);

/** The body of `POST /api/events/:id/discard`. */
export const discardOneSchema = z.strictObject({ reason });

/** What an operation would do, counted exactly at the moment of the watermark. */
export const operationPlanSchema = z
  .object({
    count: count.describe('How many dead letters.'),
    bySource: z.record(z.string(), count).describe('The 100 sources with most of them.'),
    byFingerprint: z.record(z.string(), count).describe('The 100 groups with most of them.'),
    oldest: at.nullable().describe('When the first of them was received.'),
    newest: at.nullable(),
    watermark: at.describe('What dies later is not part of it.'),
  })
  .meta({ id: 'OperationPlan' });
export type OperationPlan = z.infer<typeof operationPlanSchema>;

/** What every operation shows. */
const head = {
  id: z.string(),
  state: z.enum(OPERATION_STATES),
  stateReason: z.string().nullable().describe('Why it is paused or failed.'),
  event: z.string().nullable().describe('The one event that it is about, when it is about one by name.'),
  filter: deadFilterSchema,
  plan: operationPlanSchema,
  reason: z.string().nullable(),
  actor: z.string().describe('Who started it.'),
  createdAt: at,
  startedAt: at.nullable().describe('When its set of events was frozen.'),
  endedAt: at.nullable(),
  planned: count.describe('Events in its set.'),
};

/** A replay as the api shows it. */
export const replaySchema = z
  .object({
    ...head,
    ratePerSecond: z.number(),
    stopAtFailureShare: z.number(),
    enqueued: count.describe('Events that were put into the queue, each once.'),
    succeeded: count.describe('Of those: became a normalized event.'),
    duplicate: count.describe('Of those: found to be a duplicate.'),
    failedAgain: count.describe('Of those: dead again.'),
    inFlight: count.describe('Of those: no outcome yet.'),
    remaining: count.describe('Events whose turn is still to come.'),
    skipped: count.describe('Events that were no longer dead when their turn came; they were not touched.'),
    stopped: count.describe('Events whose turn never came because the replay was cancelled or failed.'),
    currentPerSecond: z.number().describe('Events that were put into the queue a second, lately.'),
    etaSeconds: z
      .number()
      .nullable()
      .describe('When the last event will be in the queue; null while nobody knows.'),
    waitingFor: z.string().nullable().describe('What a running replay waits for, like room in Redis.'),
    settled: z.boolean().describe('Whether all of the numbers are final.'),
  })
  .meta({ id: 'Replay' });
export type Replay = z.infer<typeof replaySchema>;

/** A replay with a page of the events that failed again. */
export const replayDetailSchema = replaySchema
  .extend({
    failedAgainIds: z.array(z.string()).describe('A page of the events that are dead again.'),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'ReplayDetail' });
export type ReplayDetail = z.infer<typeof replayDetailSchema>;

/** A discard as the api shows it. */
export const discardSchema = z
  .object({ ...head, discarded: count.describe('Events that are discarded by now.') })
  .meta({ id: 'Discard' });
export type Discard = z.infer<typeof discardSchema>;

export const replayListQuerySchema = pageSchema.extend({
  state: z.enum(OPERATION_STATES).optional().describe('Only those in this state.'),
});
export type OperationListQuery = z.infer<typeof replayListQuerySchema>;

export const operationParamsSchema = z.object({
  id: z.string().regex(OPERATION_ID_PATTERN).describe('`op_` and 24 hex digits.'),
});
export const replayListSchema = listOf(replaySchema);

/** How far a replay has come, as it stands on its events. */
export type ReplayProgress = {
  readonly enqueued: number;
  readonly succeeded: number;
  readonly duplicate: number;
  readonly failedAgain: number;
  readonly inFlight: number;
  readonly remaining: number;
};

/** An operation as `operations` holds it. */
export type OperationDocument = {
  readonly _id: string;
  readonly tenant: string;
  readonly kind: OperationKind;
  readonly event: string | null;
  readonly state: OperationState;
  readonly stateReason: string | null;
  /** There until the last of its events has come to its end: only then its numbers are final. */
  readonly open?: true;
  readonly filter: DeadFilter;
  readonly watermark: Date;
  readonly plan: OperationPlan;
  /** The plan's count, and once the set is frozen the number of events in it. */
  readonly planned: number;
  /** How many events were frozen, or discarded, so far. */
  readonly claimed: number;
  readonly frozenAt: Date | null;
  readonly ratePerSecond: number;
  readonly stopAtFailureShare: number;
  readonly reason: string | null;
  readonly actor: string;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  readonly currentPerSecond: number;
  readonly waitingFor: string | null;
  /** The outcomes up to the last time it was resumed: they do not stop it again. */
  readonly judgedFrom: { readonly outcomes: number; readonly failedAgain: number };
  /** Set once it is no longer open. */
  readonly progress?: ReplayProgress;
  readonly failedAgainIds?: readonly string[];
  /** Rises with every step that changes events, so that no step goes unseen by a change of state. */
  readonly moves: number;
  /** The lease of whoever ran it last: an earlier holder has no say any more. */
  readonly fence: number;
};
