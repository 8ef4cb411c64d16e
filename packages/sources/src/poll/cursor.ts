/*
 * The cursor `timestamp`. A run reads pages until one brings nothing new; only then the point moves, because records
 * need not come in the order of their cursor values: a run that breaks off after page 2 has seen high values and may
 * have missed low ones. Until then the next page to read is remembered, so that no page is read in vain.
 */
import type { CursorValue, PollCheckpoint, TimestampCheckpoint } from '@sluice/contracts/poll';
import type { PollCursor } from '@sluice/contracts/source';
import type { Cursor, CursorSource, PageResult, Step } from './cursor-kind.ts';
import { formatCursorValue } from './cursor-value.ts';
import { isBehindLast, toGranted, toPagesProbe, toPageUrl, turnPage } from './pages.ts';
import { toHigher } from './records.ts';
import { writeLike } from './time-pattern.ts';
import {
  endWalk,
  isWalked,
  toJustBelow,
  toWalkProbe,
  toWalkRefused,
  type WalkedPage,
  walkOn,
} from './timestamp-walk.ts';

type TimestampOptions = Extract<PollCursor, { readonly kind: 'timestamp' }>;
type TimedStep = { readonly checkpoint: TimestampCheckpoint; readonly done: boolean };

/** Creates the cursor of a source that is asked for what changed since a time. */
export function createTimestampCursor(source: CursorSource, options: TimestampOptions): Cursor {
  const toFrom = (checkpoint: TimestampCheckpoint) => toRequest(options, checkpoint).from;

  function toUrl({ page, from, limit }: ReturnType<typeof toRequest>): URL {
    const params = from === null ? {} : { [options.param]: formatCursorValue(from) };
    return toPageUrl(source, { page, params, limit });
  }

  function toWalked(checkpoint: TimestampCheckpoint, page: PageResult): WalkedPage {
    const asOfMs = toAsOf(checkpoint, page);
    return { source, checkpoint, page, asOfMs, toFrom, toEnd: () => toEnd(checkpoint, page) };
  }

  /** The run of a checkpoint from before the declaration was changed says nothing of what is to be asked now. */
  function toOwnRun(checkpoint: PollCheckpoint): TimestampCheckpoint {
    const own = toOwn(checkpoint);
    const isWalk = own.run?.limit !== undefined;
    const isOwn = isWalk ? isWalked(source) : source.pageParam !== undefined;
    return isOwn ? own : { ...own, run: null };
  }

  /** Without a single time the next run reads everything again. */
  function tellTimeless({ run }: TimestampCheckpoint, { count }: PageResult, step: TimedStep): Step {
    const isTimeless = step.done && step.checkpoint.point === null && Math.max(run?.most ?? 0, count) > 0;
    return withProblem(step, isTimeless ? `No record has a time at ${options.path}.` : undefined);
  }

  return {
    toUrl: (checkpoint) => toUrl(toRequest(options, toOwnRun(checkpoint))),
    toProbe(checkpoint, page) {
      const own = toOwnRun(checkpoint);
      if (isWalked(source)) {
        return toWalkProbe(toWalked(own, page), (from) => toUrl({ page: 1, from, limit: source.pageSize }));
      }
      if (source.pageParam === undefined || own.run === null) return null;
      const place = { number: own.run.nextPage, first: 1, granted: toGranted(source) };
      return toPagesProbe(own.run, page, place, (number) =>
        toUrl({ ...toRequest(options, own), page: number }),
      );
    },
    advance(checkpoint, page) {
      const own = toOwnRun(checkpoint);
      if (!isWalked(source)) return tellTimeless(own, page, advance(source, own, page));
      const walked = toWalked(own, page);
      return walkOn(walked) ?? endWalk(walked);
    },
    restart: (checkpoint) => ({ point: toOwn(checkpoint).point, run: null }),
    describe(checkpoint) {
      const { point, run } = toOwnRun(checkpoint);
      const at = point === null ? null : toIso(point);
      if (run === null) return at;
      const begin = at ?? 'the beginning';
      if (run.limit === undefined) return `${begin}, page ${run.nextPage}`;
      return run.highest === null ? begin : `${begin}, on to ${toIso(run.highest)}`;
    },
    toRefused: (checkpoint) => toWalkRefused(source, toOwnRun(checkpoint)),
  };
}

/**
 * Tells what to ask for next: the page, how many records where that is not the page size, and from which value on
 * (null: from the beginning). That is the point less the lookback; in a walk it follows the highest value seen.
 */
export function toRequest(
  { lookback }: Pick<TimestampOptions, 'lookback'>,
  { point, run }: TimestampCheckpoint,
): { readonly page: number; readonly from: CursorValue | null; readonly limit: number | undefined } {
  const base = point === null ? null : { ...point, atMs: Math.max(0, point.atMs - lookback * 1000) };
  if (run?.limit === undefined) return { page: run?.nextPage ?? 1, from: base, limit: undefined };
  const from = run.highest === null ? base : toHigher(base, toJustBelow(run.highest));
  return { page: 1, from, limit: run.limit };
}

/**
 * Returns the checkpoint after a page whose records are safe, and whether the run is over: with the first page of a
 * source without pages, else with the first page that is empty or the same as the one before.
 */
export function advance(
  source: Pick<CursorSource, 'pageParam'>,
  checkpoint: TimestampCheckpoint,
  page: PageResult,
): TimedStep {
  const { point, run } = checkpoint;
  if (source.pageParam === undefined || isBehindLast(run, page)) return toEnd(checkpoint, page);
  const pages = turnPage(run, page, run?.nextPage ?? 1);
  const highest = toHigher(run?.highest ?? null, page.highest);
  return { checkpoint: { point, run: { ...pages, highest, asOfMs: toAsOf(checkpoint, page) } }, done: false };
}

/**
 * Returns the checkpoint after the last page of a run. The new point is the highest value seen, but never later than
 * the source's own clock in this run, nor than ours: a record with a time ahead would hide all that come before it.
 * It never goes back for lower values, only to follow those clocks.
 */
function toEnd(checkpoint: TimestampCheckpoint, page: PageResult): TimedStep {
  const asOfMs = toAsOf(checkpoint, page);
  const seen = toHigher(checkpoint.run?.highest ?? null, page.highest);
  const reached = toHigher(checkpoint.point, seen);
  const next = reached === null ? null : { ...reached, atMs: Math.min(reached.atMs, asOfMs) };
  const point = next === null || seen === null ? next : writeLike(next, seen);
  return { checkpoint: { point, run: null }, done: true };
}

/** Returns the earliest time that a clock showed in a run, this page included, epoch ms. */
function toAsOf({ run }: TimestampCheckpoint, { dateMs, requestedAtMs }: PageResult): number {
  return Math.min(run?.asOfMs ?? Number.POSITIVE_INFINITY, dateMs ?? requestedAtMs, requestedAtMs);
}

function withProblem(step: TimedStep, problem: string | undefined): Step {
  return problem === undefined ? step : { ...step, problem };
}

function toIso({ atMs }: CursorValue): string {
  return new Date(atMs).toISOString();
}

function toOwn(checkpoint: PollCheckpoint): TimestampCheckpoint {
  const isOwn = checkpoint.kind === undefined || checkpoint.kind === 'timestamp';
  return isOwn ? checkpoint : { point: null, run: null };
}
