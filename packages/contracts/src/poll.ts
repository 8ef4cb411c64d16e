import { z } from 'zod';

/** How a source writes its times; a request writes them the same way. */
const CURSOR_FORMS = ['iso', 'local', 'seconds', 'millis'] as const;

/** A point in a source's time: epoch ms, rounded down, and how the source writes it. */
const cursorValueSchema = z.object({
  atMs: z.number().int(),
  form: z.enum(CURSOR_FORMS),
  /** The same exactly: `yyyy-MM-dd HH:mm:ss.SSS+02:00`, `micros`, `nanos`; missing where the form says all. */
  pattern: z.string().optional(),
});

/** How far numbered pages were read; all but `nextPage` speaks of the page before it. */
const pagesSchema = z.object({
  nextPage: z.number().int(),
  /** Names what the page held, to notice a source that sends the same page for ever. */
  fingerprint: z.string(),
  /** Names its first and its last record, to notice that records moved from page to page. */
  edges: z.tuple([z.string(), z.string()]).optional(),
  /** How many records it held, and the most that a page of this run held. */
  count: z.number().int().optional(),
  most: z.number().int().optional(),
});

/** Set in a run without page numbers: how many records the next request asks for. */
const limitSchema = z.number().int().optional();

/** The form for `timestamp`, and what was stored before there were other kinds. */
const timestampCheckpointSchema = z.object({
  kind: z.literal('timestamp').optional(),
  /** Everything up to here was read; null before the first run is over. */
  point: cursorValueSchema.nullable(),
  /** A run that is not over. */
  run: pagesSchema
    .extend({
      highest: cursorValueSchema.nullable(),
      /** The earliest time that the source's own clock showed in this run, epoch ms. */
      asOfMs: z.number().int(),
      limit: limitSchema,
    })
    .nullable(),
});

const idCheckpointSchema = z.object({
  kind: z.literal('id'),
  /** The highest id that was read; null before the first run is over. */
  point: z.string().nullable(),
  /** The highest that was known before the last run began: with a lookback, the next run begins that far below it. */
  before: z.string().nullable().optional(),
  /** Set once an id was seen that is no whole number: from then on ids are compared as text. */
  text: z.literal(true).optional(),
  run: pagesSchema.extend({ highest: z.string().nullable(), limit: limitSchema }).nullable(),
});

const pageCheckpointSchema = z.object({
  kind: z.literal('page'),
  /** Null before the first page is read. */
  pages: pagesSchema
    .extend({
      /** Set when the next page was read already, but was short: then the other fields speak of itself. */
      again: z.literal(true).optional(),
    })
    .nullable(),
});

const linkCheckpointSchema = z.object({
  kind: z.literal('link'),
  /** The address to read next; null for the source's own. */
  at: z.string().nullable(),
  /** In a run that is not over: where the next one begins when this one ends in answers without records. */
  from: z.string().nullable().optional(),
  /** In a run that is not over: the last address that held records. */
  last: z.string().nullable().optional(),
  /** The last address that held records in the run before: up to it pages are read for the second time. */
  until: z.string().nullable().optional(),
  /** In a run that is not over: how many answers in a row held no records. */
  empties: z.number().int().optional(),
  /** Set while the source is taken for one that always names a next address. */
  endless: z.boolean().optional(),
});

/** Where polling a source stands, as `checkpoints` holds it: a form for each kind of cursor. */
export const checkpointSchema = z.union([
  idCheckpointSchema,
  pageCheckpointSchema,
  linkCheckpointSchema,
  timestampCheckpointSchema,
]);
export type PollCheckpoint = Readonly<z.infer<typeof checkpointSchema>>;

export type CursorValue = Readonly<z.infer<typeof cursorValueSchema>>;

export type PagesRead = Readonly<z.infer<typeof pagesSchema>>;
export type TimestampCheckpoint = Readonly<z.infer<typeof timestampCheckpointSchema>>;
export type IdCheckpoint = Readonly<z.infer<typeof idCheckpointSchema>>;
export type PageCheckpoint = Readonly<z.infer<typeof pageCheckpointSchema>>;
export type LinkCheckpoint = Readonly<z.infer<typeof linkCheckpointSchema>>;

/** Where a source that was never polled stands, whatever its kind of cursor. */
export const FIRST_CHECKPOINT: TimestampCheckpoint = { point: null, run: null };

/** Slots of a schedule are epoch seconds, those of polls that a person asked for epoch ms: always higher. */
const FIRST_MANUAL_SLOT = 1e11;

/** Makes the slot of a poll that a person asks for now (epoch ms). */
export function toManualSlot(nowMs: number): number {
  return Math.max(Math.floor(nowMs), FIRST_MANUAL_SLOT);
}

/** Tells whether a slot is that of a poll that a person asked for. */
export function isManualSlot(slot: number): boolean {
  return slot >= FIRST_MANUAL_SLOT;
}

/**
 * What came of a run: `running` until it ends; `polled` = everything was read and taken; `with-rejections` = everything was
 * read, but records that could not be taken are among the rejections instead; `partial` = as much as one run may read, or
 * records moved while they were read, and the next run goes on; `failed`; `waiting` = the
 * source asked us to wait; `left` = the process was about to end, or the source was changed; `lost` = another scheduler
 * took over; `crashed` = it never told its end; `paused` before or while it ran; `open` = left alone because it failed too
 * often; `busy` = asked for by a person while another run was under way.
 */
export const POLL_OUTCOMES = [
  'running',
  'polled',
  'with-rejections',
  'partial',
  'failed',
  'waiting',
  'left',
  'lost',
  'crashed',
  'paused',
  'open',
  'busy',
] as const;
export type PollOutcome = (typeof POLL_OUTCOMES)[number];

/** The outcomes of runs that read everything that their source had. */
export const WHOLE_OUTCOMES: readonly PollOutcome[] = ['polled', 'with-rejections'];

/** Problems of a run: how many, and the first few in words. */
export type PollProblems = { readonly count: number; readonly first: readonly string[] };

/** What a run did, so far or in all. */
export type PollProgress = {
  readonly pages: number;
  /** Records read, those that were known and those read twice included. */
  readonly records: number;
  /** Records that were not known within the last hour. */
  readonly accepted: number;
  readonly duplicates: number;
  /** Records that could not be taken, each counted once; missing in runs of before they were counted. */
  readonly rejected?: number;
  readonly problems: PollProblems;
};

/** One run of polling a source (`poll_runs`). */
export type PollRun = PollProgress & {
  readonly source: string;
  /**
   * The schedule's slot (epoch seconds; below zero where it came a second time, after the clock was set back), or that of a
   * poll that a person asked for (`isManualSlot`).
   */
  readonly slot: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly outcome: PollOutcome;
  /** The cursor in words before and after; null while there is none. */
  readonly cursorBefore: string | null;
  readonly cursorAfter: string | null;
  /** The scheduler that ran it. */
  readonly scheduler: string;
  /** Why it failed. */
  readonly error: string | null;
  /** Until when the source asked us to wait by the end of the run, whatever came of it. */
  readonly waitingUntil?: Date;
};

/**
 * Tells how far a source is behind at `nowMs` (epoch ms): whole seconds since the last run began that read everything;
 * null when none of `runs` did.
 */
export function toLagSeconds(
  runs: readonly Pick<PollRun, 'outcome' | 'startedAt'>[],
  nowMs: number,
): number | null {
  const whole = runs
    .filter(({ outcome }) => WHOLE_OUTCOMES.includes(outcome))
    .map(({ startedAt }) => startedAt.getTime());
  return whole.length === 0 ? null : Math.max(0, Math.round((nowMs - Math.max(...whole)) / 1000));
}
