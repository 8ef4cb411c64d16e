import type { Interval } from './search.ts';

const LENGTHS_MS: Readonly<Record<Interval, number>> = {
  minute: 60_000,
  '5m': 300_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** So many columns can be told apart; of a longer time only those with events are drawn. */
const MAX_COLUMNS = 200;

/** Puts buckets in order with the empty ones between them, and tells whether the last one is not over yet. */
export function fillBuckets(
  named: readonly string[],
  interval: Interval,
  nowMs: number,
): { readonly buckets: readonly string[]; readonly isOpen: boolean } {
  const stepMs = LENGTHS_MS[interval];
  const sorted = named.toSorted();
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return { buckets: [], isOpen: false };
  const [firstMs, lastMs] = [Date.parse(first), Date.parse(last)];
  const count = Math.round((lastMs - firstMs) / stepMs) + 1;
  const all = Array.from({ length: count > MAX_COLUMNS ? 0 : count }, (_, index) =>
    new Date(firstMs + index * stepMs).toISOString(),
  );
  return { buckets: all.length === 0 ? sorted : all, isOpen: lastMs <= nowMs && nowMs < lastMs + stepMs };
}
