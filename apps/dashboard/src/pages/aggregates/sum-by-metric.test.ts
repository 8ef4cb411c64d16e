import { expect, it } from 'vitest';
import { sumByMetric } from './sum-by-metric.ts';

const entry = (source: string, metric: string, count: number, sum: number, min: number, max: number) => ({
  bucket: '2026-01-01T00:00:00.000Z',
  source,
  metric,
  count,
  sum,
  min,
  max,
  avg: sum / count,
});

it('adds buckets up by client and metric, those with most values first', () => {
  expect(
    sumByMetric([
      entry('shop', 'sales', 1, 5, 5, 5),
      entry('erp', 'sales', 4, 8, 1, 3),
      entry('shop', 'sales', 2, 1, -1, 2),
    ]),
  ).toEqual([
    { source: 'erp', metric: 'sales', count: 4, sum: 8, min: 1, max: 3 },
    { source: 'shop', metric: 'sales', count: 3, sum: 6, min: -1, max: 5 },
  ]);
});
