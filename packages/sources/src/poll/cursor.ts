/*
 * The cursor `timestamp`. A run reads pages until one brings nothing new; only then the point moves, because records
 * need not come in the order of their cursor values: a run that breaks off after page 2 has seen high values and may
 * have missed low ones. Until then the next page to read is remembered, so that no page is read in vain.
 */
import type { CursorValue, PollCheckpoint, TimestampCheckpoint } from '@sluice/contracts/poll';
import type { PollCursor } from '@sluice/contracts/source';
import type { Cursor, CursorSource, PageResult } from './cursor-kind.ts';
import { formatCursorValue } from './cursor-value.ts';
import { isBehindLast, toGranted, toPagesProbe, toPageUrl, turnPage } from './pages.ts';
import { toHigher } from './records.ts';

type TimestampOptions = Extract<PollCursor, { readonly kind: 'timestamp' }>;

/** Creates the cursor of a source that is asked for what changed since a time. */
export function createTimestampCursor(source: CursorSource, options: TimestampOptions): Cursor {
  function toUrl(checkpoint: TimestampCheckpoint, page: number): URL {
    const { from } = toRequest(options, checkpoint);
    const params = from === null ? {} : { [options.param]: formatCursorValue(from) };
    return toPageUrl(source, { page, params });
  }

  return {
    toUrl(checkpoint) {
      const own = toOwn(checkpoint);
      return toUrl(own, toRequest(options, own).page);
    },
    toProbe(checkpoint, page) {
      const own = toOwn(checkpoint);
      if (source.pageParam === undefined || own.run === null) return null;
      const place = { number: own.run.nextPage, first: 1, granted: toGranted(source) };
      return toPagesProbe(own.run, page, place, (number) => toUrl(own, number));
    },
    advance: (checkpoint, page) => advance(source, toOwn(checkpoint), page),
    restart: (checkpoint) => ({ point: toOwn(checkpoint).point, run: null }),
    describe(checkpoint) {
      const { point, run } = toOwn(checkpoint);
      const at = point === null ? null : new Date(point.atMs).toISOString();
      return run === null ? at : `${at ?? 'the beginning'}, page ${run.nextPage}`;
    },
  };
}

/** Tells what to ask for next: the page, and from which value on, lookback included (null: from the beginning). */
export function toRequest(
  { lookback }: Pick<TimestampOptions, 'lookback'>,
  { point, run }: TimestampCheckpoint,
): { readonly page: number; readonly from: CursorValue | null } {
  const from = point === null ? null : { ...point, atMs: Math.max(0, point.atMs - lookback * 1000) };
  return { page: run?.nextPage ?? 1, from };
}

/**
 * Returns the checkpoint after a page whose records are safe, and whether the run is over: with the first page of a
 * source without pages, else with the first page that is empty or the same as the one before.
 *
 * The new point is the highest value seen, but never later than the source's own clock in this run, nor than ours: a
 * record with a time ahead would hide all that come before it. It never goes back for lower values, only to follow
 * those clocks.
 */
export function advance(
  source: Pick<CursorSource, 'pageParam'>,
  checkpoint: TimestampCheckpoint,
  page: PageResult,
): { readonly checkpoint: TimestampCheckpoint; readonly done: boolean } {
  const { point, run } = checkpoint;
  const highest = toHigher(run?.highest ?? null, page.highest);
  const asOfMs = Math.min(
    run?.asOfMs ?? Number.POSITIVE_INFINITY,
    page.dateMs ?? page.requestedAtMs,
    page.requestedAtMs,
  );
  if (source.pageParam !== undefined && !isBehindLast(run, page)) {
    const pages = turnPage(run, page, run?.nextPage ?? 1);
    return { checkpoint: { point, run: { ...pages, highest, asOfMs } }, done: false };
  }
  const reached = toHigher(point, highest);
  const next = reached === null ? null : { ...reached, atMs: Math.min(reached.atMs, asOfMs) };
  return { checkpoint: { point: next, run: null }, done: true };
}

/** Tells how far a source was read behind `nowMs` (epoch ms), in ms; null before the first run and for other kinds. */
export function readLagMs(checkpoint: PollCheckpoint, nowMs: number): number | null {
  const { point } = toOwn(checkpoint);
  return point === null ? null : Math.max(0, nowMs - point.atMs);
}

function toOwn(checkpoint: PollCheckpoint): TimestampCheckpoint {
  const isOwn = checkpoint.kind === undefined || checkpoint.kind === 'timestamp';
  return isOwn ? checkpoint : { point: null, run: null };
}
