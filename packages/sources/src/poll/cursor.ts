/*
 * Where polling a source stands. A run reads pages until one brings nothing new; only then the point moves, because
 * records need not come in the order of their cursor values: a run that breaks off after page 2 has seen high values
 * and may have missed low ones. Until then the next page to read is remembered, so that no page is read in vain.
 */
import type { CursorValue, PollCheckpoint } from '@sluice/contracts/poll';
import type { PollSource } from '@sluice/contracts/source';

/** What a page brought. */
export type PageResult = {
  readonly recordCount: number;
  /** The highest cursor value of the page's records; null when none has one. */
  readonly highest: CursorValue | null;
  /** The time that the answer's `Date` header shows, epoch ms; null without one. */
  readonly dateMs: number | null;
  /** Our own time when the request was sent, epoch ms; stands in for a missing `Date`. */
  readonly requestedAtMs: number;
  /** The same for two pages that hold the same records. */
  readonly fingerprint: string;
};

/** Tells what to ask for next: the page, and from which value on, lookback included (null: from the beginning). */
export function toRequest(
  source: Pick<PollSource, 'cursor'>,
  { point, run }: PollCheckpoint,
): { readonly page: number; readonly from: CursorValue | null } {
  const from =
    point === null ? null : { ...point, atMs: Math.max(0, point.atMs - source.cursor.lookback * 1000) };
  return { page: run?.nextPage ?? 1, from };
}

/**
 * Returns the checkpoint after a page whose records are safe, and whether the run is over: with the first page of a
 * source without pages, else with the first page that is empty or the same as the one before. A short page ends
 * nothing, because a source may grant fewer records than were asked for.
 *
 * The new point is the highest value seen, but never later than the source's own clock in this run: a record with a
 * time ahead would hide all that come before it. It never goes back for lower values, only to follow that clock.
 */
export function advance(
  source: Pick<PollSource, 'pageParam'>,
  checkpoint: PollCheckpoint,
  page: PageResult,
): { readonly checkpoint: PollCheckpoint; readonly done: boolean } {
  const { point, run } = checkpoint;
  const highest = toHigher(run?.highest ?? null, page.highest);
  const asOfMs = Math.min(run?.asOfMs ?? Number.POSITIVE_INFINITY, page.dateMs ?? page.requestedAtMs);
  const isLast =
    source.pageParam === undefined || page.recordCount === 0 || run?.fingerprint === page.fingerprint;
  if (!isLast) {
    const nextPage = (run?.nextPage ?? 1) + 1;
    return {
      checkpoint: { point, run: { nextPage, highest, asOfMs, fingerprint: page.fingerprint } },
      done: false,
    };
  }
  const reached = toHigher(point, highest);
  const next = reached === null ? null : { ...reached, atMs: Math.min(reached.atMs, asOfMs) };
  return { checkpoint: { point: next, run: null }, done: true };
}

/** Returns the later of two values; of equal ones the second, so that the form follows the source. */
export function toHigher(left: CursorValue | null, right: CursorValue | null): CursorValue | null {
  if (left === null || right === null) return left ?? right;
  return left.atMs > right.atMs ? left : right;
}
