/*
 * What a rollup holds, and how such contents are put together. Pure.
 *
 * A sum is kept in two doubles, `sum` and what its roundings lost (`rest`), so that the sum of the sums of seconds is that
 * of one pass over the events, in whatever order they came. MongoDB's own `$sum` may differ from it in the last digits.
 */
import { MAX_BUCKET_METRICS, MAX_EVENT_METRICS, MAX_METRIC_LENGTH } from '@sluice/contracts/aggregates';
import type { NormalizedEventDocument } from '@sluice/contracts/event';
import { isJsonObject, type JsonValue } from '@sluice/contracts/json';

/** The values of one metric of one type. */
export type RolledSeries = {
  readonly type: string;
  readonly metric: string;
  readonly count: number;
  readonly sum: number;
  /** What is to be added to `sum`, and is too small to be part of it. */
  readonly rest: number;
  readonly min: number;
  readonly max: number;
};

/** What is known of some events of one source. */
export type RolledValues = {
  readonly events: readonly { readonly type: string; readonly count: number }[];
  readonly series: readonly RolledSeries[];
  /** Values that are in no series, because there were too many metrics or their names are too long. */
  readonly leftOut: number;
};

type Sum = { count: number; sum: number; rest: number; min: number; max: number };

/** Puts values together. */
export type RollupTally = {
  /** Adds what one event says. */
  addEvent(event: Pick<NormalizedEventDocument, 'type' | 'data'>): void;
  addValues(values: RolledValues): void;
  read(): RolledValues;
};

/** The types whose `data.metric` names what `data.amount` is. */
const METRIC_TYPE = 'metric';

/** Creates a tally without anything in it. What it is given first keeps its place when there is too much. */
export function createRollupTally(): RollupTally {
  const events = new Map<string, number>();
  const totals = new Map<string, Map<string, Sum>>();
  let totalCount = 0;
  let leftOut = 0;

  function countEvents(type: string, count: number): void {
    const known = events.get(type);
    if (known === undefined && events.size >= MAX_BUCKET_METRICS) leftOut += count;
    else events.set(type, (known ?? 0) + count);
  }

  function add(type: string, metric: string, values: Readonly<Sum>): void {
    let ofType = totals.get(type);
    const known = ofType?.get(metric);
    if (known !== undefined) mergeSum(known, values);
    else if (totalCount >= MAX_BUCKET_METRICS) leftOut += values.count;
    else {
      if (ofType === undefined) {
        ofType = new Map();
        totals.set(type, ofType);
      }
      ofType.set(metric, { ...values });
      totalCount += 1;
    }
  }

  return {
    addEvent({ type, data }) {
      countEvents(type, 1);
      let room = MAX_EVENT_METRICS;
      for (const [metric, value] of toMetrics(type, data)) {
        if (typeof value !== 'number' || !Number.isFinite(value)) continue;
        if (room === 0 || metric === '' || metric.length > MAX_METRIC_LENGTH) leftOut += 1;
        else {
          add(type, metric, { count: 1, sum: value, rest: 0, min: value, max: value });
          room -= 1;
        }
      }
    },
    addValues(values) {
      for (const { type, count } of values.events) countEvents(type, count);
      for (const { type, metric, count, sum, rest, min, max } of values.series) {
        add(type, metric, { count, sum, rest, min, max });
      }
      leftOut += values.leftOut;
    },
    read: () => ({
      events: [...events].map(([type, count]) => ({ type, count })),
      series: [...totals].flatMap(([type, ofType]) =>
        [...ofType].map(([metric, total]) => ({ type, metric, ...total })),
      ),
      leftOut,
    }),
  };
}

/** Adds sums to others, in place. */
export function mergeSum(into: Sum, { count, sum, rest, min, max }: Readonly<Sum>): void {
  const together = toFinite(into.sum + sum);
  // Knuth's TwoSum: what `together` lost to rounding.
  const part = together - into.sum;
  const lost = into.sum - (together - part) + (sum - part);
  into.count += count;
  into.sum = together;
  into.rest += Number.isFinite(lost) ? lost + rest : 0;
  into.min = Math.min(into.min, min);
  into.max = Math.max(into.max, max);
}

/** Returns a sum as one double; one beyond the largest is the largest, because JSON knows no infinity. */
export function toTotal({ sum, rest }: Pick<Sum, 'sum' | 'rest'>): number {
  return toFinite(sum + rest);
}

function toFinite(sum: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, sum));
}

/** Finds what may be metrics of an event: for type `metric` the amount of the one it names, else every field of its data. */
function toMetrics(
  type: string,
  data: JsonValue,
): readonly (readonly [metric: string, value: JsonValue | undefined])[] {
  if (!isJsonObject(data)) return [];
  const { metric, amount } = data;
  if (type === METRIC_TYPE && typeof metric === 'string') return [[metric, amount]];
  // The time of the event is no value of it.
  return Object.entries(data).filter(([name]) => name !== 'timestamp');
}
