import type { AggregateEntry } from '@sluice/contracts/aggregates';

/** One client's values of one metric over the whole time. */
export type MetricRow = Pick<AggregateEntry, 'source' | 'metric' | 'count' | 'sum' | 'min' | 'max'>;

/** Adds the buckets up by client and metric, those with most values first. */
export function sumByMetric(series: readonly AggregateEntry[]): readonly MetricRow[] {
  const rows = new Map<string, MetricRow>();
  for (const { source, metric, count, sum, min, max } of series) {
    const key = `${source}\0${metric}`;
    const known = rows.get(key);
    rows.set(
      key,
      known === undefined
        ? { source, metric, count, sum, min, max }
        : {
            source,
            metric,
            count: known.count + count,
            sum: known.sum + sum,
            min: Math.min(known.min, min),
            max: Math.max(known.max, max),
          },
    );
  }
  return [...rows.values()].toSorted((a, b) => b.count - a.count);
}
