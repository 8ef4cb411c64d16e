/*
 * How a source is read by time that tells how much it gives at once (`limitParam`) and has no page numbers: each
 * request asks from just below the highest time of the answer before, until an answer brings no higher one. That is
 * safe only where times rise within an answer, so one in which they fall is refused.
 *
 * Where as many records as one answer holds have the same time, the next request would be the same again. Then more
 * are asked for at once. Whether an answer that brought nothing higher was cut is told by its length, and where that
 * does not tell, by what lies behind its highest time. What cannot be reached at all is an error, which a person sees.
 */
import type { CursorValue, TimestampCheckpoint } from '@sluice/contracts/poll';
import type { CursorSource, PageResult, Probe, Refused, Step } from './cursor-kind.ts';
import { toStepMs } from './cursor-value.ts';
import { AnswerError } from './formats/item.ts';
import { turnPage } from './pages.ts';
import { toHigher } from './records.ts';

/** Thrown when a source cannot be read further the way it is declared. */
export class StuckError extends AnswerError {
  override readonly name = 'StuckError';
}

/** As many records are asked for at once, if need be: the largest page that a source can declare. */
const MAX_LIMIT = 10_000;

const DAY_MS = 86_400_000;

type Run = NonNullable<TimestampCheckpoint['run']>;

/** A run that walks, and what an answer makes of it. */
export type WalkedPage = {
  readonly source: Pick<CursorSource, 'pageSize'>;
  readonly checkpoint: TimestampCheckpoint;
  readonly page: PageResult;
  /** The earliest time that the source's own clock showed in this run, epoch ms. */
  readonly asOfMs: number;
  /** Tells from which value on a checkpoint asks; null for the beginning. */
  readonly toFrom: (checkpoint: TimestampCheckpoint) => CursorValue | null;
  /** Ends the run with this answer. */
  readonly toEnd: () => Step;
};

/** Tells whether a source is walked. */
export function isWalked(source: Pick<CursorSource, 'pageParam' | 'limitParam'>): boolean {
  return source.pageParam === undefined && source.limitParam !== undefined;
}

/** Returns the value from which the next request asks: below the highest, so that it may be inclusive or not. */
export function toJustBelow(highest: CursorValue): CursorValue {
  return { ...highest, atMs: Math.max(0, highest.atMs - toStepMs(highest)) };
}

/**
 * Returns the checkpoint for the next request; null when the walk is over.
 *
 * @throws AnswerError when times fall within the answer
 * @throws StuckError when the walk gets no further
 */
export function walkOn(walked: WalkedPage): Step | null {
  const { source, page } = walked;
  assertRising(page);
  if (isFurther(walked)) return { checkpoint: toNext(walked, source.pageSize), done: false };
  if (!isFull(walked)) return null;
  if (toLimit(walked) < MAX_LIMIT) return stretch(walked);
  if (page.highest === null) throw toStuck(walked);
  return null;
}

/** Names what to look at when an answer may have been cut although it brought nothing higher; null for nothing. */
export function toWalkProbe(walked: WalkedPage, toUrl: (from: CursorValue) => URL): Probe | null {
  const { checkpoint, page } = walked;
  const highest = toHigher(checkpoint.run?.highest ?? null, page.highest);
  if (highest === null || page.count === 0 || isFurther(walked)) return null;
  const isAtEnd = isFull(walked) && toLimit(walked) >= MAX_LIMIT;
  // As long as the longest answer before: that may be all that the source grants.
  const isLong = page.count >= (checkpoint.run?.most ?? 0);
  if (!isAtEnd && (isFull(walked) || !isLong)) return null;
  const stepMs = toStepMs(highest);
  return toBehind({ walked, highest, toUrl }, stepMs < DAY_MS ? [stepMs, DAY_MS] : [stepMs]);
}

type Behind = {
  readonly walked: WalkedPage;
  readonly highest: CursorValue;
  readonly toUrl: (from: CursorValue) => URL;
};

/** Looks behind the highest time, and further where a source cuts what it is asked from down to the whole day. */
function toBehind(behind: Behind, [stepMs = 0, ...further]: readonly number[]): Probe {
  const { walked, highest, toUrl } = behind;
  const isLast = further.length === 0;
  const isStretched = toLimit(walked) > walked.source.pageSize;
  return {
    url: toUrl({ ...highest, atMs: highest.atMs + stepMs }),
    judge(page) {
      if (page.count > 0 && isFull(walked)) throw toStuck(walked);
      if (page.highest !== null && page.highest.atMs > highest.atMs) return stretch(walked);
      if (page.count > 0 && !isLast) return toBehind(behind, further);
      return isLast && isStretched ? toDoubtfulEnd(walked) : 'ok';
    },
  };
}

/** Returns the step behind the last answer of a walk, and tells when it may not have been the last. */
export function endWalk(walked: WalkedPage): Step {
  const { source, checkpoint, page } = walked;
  const isGrantedNoMore = toLimit(walked) > source.pageSize && page.count === checkpoint.run?.count;
  return isFull(walked) || isGrantedNoMore ? toDoubtfulEnd(walked) : walked.toEnd();
}

function toDoubtfulEnd(walked: WalkedPage): Step {
  const { count, highest } = walked.page;
  const at = highest === null ? '' : ` up to ${toIso(highest)}`;
  const problem = `The source gives ${count} records${at} and no more at once; whether it has more is not known.`;
  return { ...walked.toEnd(), problem };
}

/** Tells what to make of a request that was refused because more was asked for than declared; null when it was not. */
export function toWalkRefused(
  source: Pick<CursorSource, 'pageSize'>,
  { point, run }: TimestampCheckpoint,
): Refused | null {
  if (run?.limit === undefined || run.limit <= source.pageSize) return null;
  const error = toStuckError(run.count ?? source.pageSize, run.highest);
  return { checkpoint: { point, run: { ...run, limit: source.pageSize } }, error };
}

/** @throws StuckError when no more can be asked for */
function stretch(walked: WalkedPage): Step {
  const limit = toLimit(walked);
  if (limit >= MAX_LIMIT) throw toStuck(walked);
  return { checkpoint: toNext(walked, Math.min(MAX_LIMIT, limit * 2)), done: false };
}

function toNext(walked: WalkedPage, limit: number): TimestampCheckpoint & { readonly run: Run } {
  const { checkpoint, page, asOfMs } = walked;
  const { point, run } = checkpoint;
  const pages = turnPage(run, page, run?.nextPage ?? 1);
  const highest = toHigher(run?.highest ?? null, page.highest);
  return { point, run: { ...pages, highest, asOfMs, limit } };
}

function toLimit({ source, checkpoint }: WalkedPage): number {
  return checkpoint.run?.limit ?? source.pageSize;
}

function isFull(walked: WalkedPage): boolean {
  return walked.page.count >= toLimit(walked);
}

/** Tells whether the next request would ask from a later value than this one did. */
function isFurther(walked: WalkedPage): boolean {
  const { checkpoint, source, toFrom } = walked;
  const next = toFrom(toNext(walked, source.pageSize));
  const asked = toFrom(checkpoint);
  return next !== null && (asked === null || toShown(next) > toShown(asked));
}

/** Returns the time that a source is asked for, which may show less than the value holds. */
function toShown(value: CursorValue): number {
  const stepMs = toStepMs(value);
  return Math.floor(value.atMs / stepMs) * stepMs;
}

function assertRising({ records }: PageResult): void {
  let before: CursorValue | null = null;
  for (const { at } of records) {
    if (at === null) continue;
    if (before !== null && before.atMs > at.atMs) {
      throw new AnswerError(
        `The times do not rise: ${toIso(before)} comes before ${toIso(at)}. With limitParam and without pageParam the oldest change must come first.`,
      );
    }
    before = at;
  }
}

function toStuck({ checkpoint, page }: WalkedPage): StuckError {
  return toStuckError(page.count, toHigher(checkpoint.run?.highest ?? null, page.highest));
}

function toStuckError(count: number, highest: CursorValue | null): StuckError {
  const place = highest === null ? 'without a time that could be read' : `at ${toIso(highest)}`;
  return new StuckError(
    `Stuck ${place}: the source gives ${count} records at once, all of which are known, and has more. Declare its pageParam, or a larger pageSize if it grants one.`,
  );
}

function toIso({ atMs }: CursorValue): string {
  return new Date(atMs).toISOString();
}
