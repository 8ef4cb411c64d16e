import { MAX_BUCKET_METRICS, MAX_EVENT_METRICS, MAX_METRIC_LENGTH } from '@sluice/contracts/aggregates';
import type { JsonValue } from '@sluice/contracts/json';
import { describe, expect, it } from 'vitest';
import { createRollupTally, type RolledValues, toTotal } from './rollup-values.ts';

function roll(...events: readonly { readonly type: string; readonly data: JsonValue }[]): RolledValues {
  const tally = createRollupTally();
  for (const event of events) tally.addEvent(event);
  return tally.read();
}

function together(...parts: readonly RolledValues[]): RolledValues {
  const tally = createRollupTally();
  for (const part of parts) tally.addValues(part);
  return tally.read();
}

const toMetric = (amount: number, metric = 'sales') => ({ type: 'metric', data: { metric, amount } });

describe('the metrics of an event', () => {
  it('are the amount that a metric event names', () => {
    expect(roll({ type: 'metric', data: { metric: 'sales', amount: 2, tax: 1, metricId: 7 } })).toEqual({
      events: [{ type: 'metric', count: 1 }],
      series: [{ type: 'metric', metric: 'sales', count: 1, sum: 2, rest: 0, min: 2, max: 2 }],
      leftOut: 0,
    });
  });

  it('are every numeric field of other events, but their time', () => {
    const data = {
      deviceId: 'w',
      timestamp: 5,
      heartRate: 60,
      breathRate: 14,
      note: '3',
      at: null,
      deep: { n: 1 },
    };
    const { series, events } = roll({ type: 'vitals', data });
    expect(series.map(({ metric, sum }) => [metric, sum])).toEqual([
      ['heartRate', 60],
      ['breathRate', 14],
    ]);
    expect(events).toEqual([{ type: 'vitals', count: 1 }]);
  });

  it.each([null, 'text', 5, [1, 2], {}])('are none of %j', (data) => {
    expect(roll({ type: 'order', data })).toEqual({
      events: [{ type: 'order', count: 1 }],
      series: [],
      leftOut: 0,
    });
  });

  it('are so many at most, with names so long, and what is left out is counted', () => {
    const many = Object.fromEntries(Array.from({ length: MAX_EVENT_METRICS + 3 }, (_, n) => [`m${n}`, n]));
    const { series, leftOut } = roll({ type: 'order', data: many });
    expect(series).toHaveLength(MAX_EVENT_METRICS);
    expect(leftOut).toBe(3);
    expect(roll(toMetric(1, 'x'.repeat(MAX_METRIC_LENGTH))).leftOut).toBe(0);
    expect(roll(toMetric(1, 'x'.repeat(MAX_METRIC_LENGTH + 1)))).toMatchObject({ series: [], leftOut: 1 });
  });

  it('of one source are so many at most, and those that were there first stay', () => {
    const many = roll(...Array.from({ length: MAX_BUCKET_METRICS }, (_, n) => toMetric(n, `m${n}`)));
    const more = together(many, roll(toMetric(1, 'new'), toMetric(1, 'new'), toMetric(5, 'm0')));
    expect(more.series).toHaveLength(MAX_BUCKET_METRICS);
    expect(more.leftOut).toBe(2);
    expect(more.series[0]).toMatchObject({ metric: 'm0', count: 2, sum: 5 });
  });
});

describe('sums', () => {
  it('do not depend on the order, or on how events were put together', () => {
    const amounts = [1e16, 0.1, 1, -1e16, 0.2, 3, 0.7, 1e-9];
    const events = amounts.map((amount) => toMetric(amount));
    const one = roll(...events).series[0];
    const two = roll(...events.toReversed()).series[0];
    const three = together(roll(...events.slice(0, 3)), roll(...events.slice(3))).series[0];
    for (const sum of [one, two, three]) {
      expect(sum === undefined ? Number.NaN : toTotal(sum)).toBe(5.000000001);
    }
  });

  it('never become anything that JSON cannot say', () => {
    const huge = roll(toMetric(1.7e308), toMetric(1.7e308), toMetric(-5)).series[0];
    const small = roll(toMetric(-1.7e308), toMetric(-1.7e308)).series[0];
    expect(huge === undefined ? Number.NaN : toTotal(huge)).toBe(Number.MAX_VALUE);
    expect(small === undefined ? Number.NaN : toTotal(small)).toBe(-Number.MAX_VALUE);
  });
});
