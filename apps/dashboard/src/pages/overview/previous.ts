import type { HistoryBucket } from '@sluice/contracts/stats-history';
import { findBucket } from '../../ui/crosshair.ts';
import { type Column, type Counts, scaleCounts } from './outcomes.ts';
import type { ShownTime } from './shown-time.ts';

/** What is known of the time before the one that is shown. */
export type Previous = {
  readonly time: ShownTime;
  /** How much earlier it is than what is shown, in ms. */
  readonly spanMs: number;
  readonly columns: readonly Column[];
  /** Empty where nobody may know. */
  readonly history: readonly HistoryBucket[];
};

/** Returns for each bucket that is shown, by when it begins, the one as much before it; undefined where there was none. */
export function findPrevious<Bucket extends { readonly at: string }>(
  times: readonly string[],
  previous: readonly Bucket[],
  spanMs: number,
): readonly (Bucket | undefined)[] {
  const starts = previous.map(({ at }) => at);
  return times.map((at) => {
    const earlier = new Date(Date.parse(at) - spanMs).toISOString();
    return previous[findBucket(starts, earlier)];
  });
}

/** Returns what became of events then, for each bucket of `stepMs`; of longer buckets each gets its share. */
export function toPreviousCounts(
  times: readonly string[],
  stepMs: number,
  {
    time,
    columns,
    spanMs,
  }: Pick<Previous, 'columns' | 'spanMs'> & { readonly time: { readonly stepMs: number } },
): readonly (Counts | null)[] {
  const share = stepMs / time.stepMs;
  return findPrevious(times, columns, spanMs).map((column) => {
    const counts = column?.counts ?? null;
    return counts === null ? null : scaleCounts(counts, share);
  });
}
