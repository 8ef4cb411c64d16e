import {
  type AggregateEntry,
  type Aggregates,
  type AggregatesQuery,
  type EventCount,
  MAX_AGGREGATES,
} from '@sluice/contracts/aggregates';
import type { Document, Filter } from 'mongodb';
import { type Segment, toIntervalStart, toSegments } from './aggregate-range.ts';
import { type RollupDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { refuseParameter } from './keyset.ts';
import { mergeSum, type RolledSeries, toTotal } from './rollup-values.ts';

/** Reads aggregates, which are put together from rollups; events are not looked at. */
export type AggregatesReader = {
  /**
   * Returns the metrics of a tenant's events by bucket of their own time.
   *
   * @throws ProblemException ERR_QUERY_INVALID for a bad time, or when there is more than an answer can hold
   * @throws DependencyAwayError
   */
  read(tenant: string, query: AggregatesQuery): Promise<Aggregates>;
};

/**
 * Rollups, and entries in them, that one question may read. An entry of an answer is put together from at most five of
 * them, or is at an end of the time asked for; who needs more than this would get too large an answer.
 */
const MAX_READ = 150_000;

/** Rollups in one answer of MongoDB, which is never larger than 16 MiB. */
const READ_AT_ONCE = 2_000;

/** Creates the reader; `timeoutMs` is the connection's operation timeout by default. */
export function createAggregates(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs, maxAggregates = MAX_AGGREGATES } = {},
): AggregatesReader {
  const rollups = toCollection(connection, 'rollups');

  async function read(tenant: string, query: AggregatesQuery): Promise<Aggregates> {
    const segments = toSegments(query);
    const found: RollupDocument[] = [];
    let entries = 0;
    await within(timeoutMs, (signal) =>
      Promise.all(
        segments.map(async (segment) => {
          for await (const portion of findRollups(tenant, query, segment, signal)) {
            for (const { series, events } of portion) entries += 1 + series.length + events.length;
            if (entries > MAX_READ) throw tooMany();
            found.push(...portion);
          }
        }),
      ),
    );
    const answer = summarize(found, query);
    if (answer.series.length + answer.events.length > maxAggregates) throw tooMany();
    return answer;
  }

  /** As many at a time as came together: one by one costs more than reading them. */
  async function* findRollups(
    tenant: string,
    query: AggregatesQuery,
    segment: Segment,
    signal: AbortSignal,
  ): AsyncGenerator<readonly RollupDocument[]> {
    const options = { signal, maxTimeMS: timeoutMs, batchSize: READ_AT_ONCE };
    const filter = toFilter(tenant, query, segment);
    const cursor = rollups.find(filter, { ...options, projection: toProjection(query) });
    try {
      while (await cursor.hasNext()) yield cursor.readBufferedDocuments();
    } finally {
      await cursor.close();
    }
  }

  return { read };
}

function toFilter(
  tenant: string,
  { source }: AggregatesQuery,
  { unit, from, to }: Segment,
): Filter<RollupDocument> {
  const at = {
    ...(Number.isFinite(from) ? { $gte: new Date(from * 1000) } : {}),
    ...(Number.isFinite(to) ? { $lt: new Date(to * 1000) } : {}),
  };
  return {
    tenant,
    unit,
    ...(source === undefined ? {} : { source }),
    ...(Object.keys(at).length === 0 ? {} : { at }),
  };
}

/** What was not asked for stays in the database. The values come from outside: in an expression `$x` would be a path. */
function toProjection({ type, metric }: AggregatesQuery): Document {
  const isType = type === undefined ? [] : [{ $eq: ['$$this.type', { $literal: type }] }];
  const isMetric = metric === undefined ? [] : [{ $eq: ['$$this.metric', { $literal: metric }] }];
  return {
    source: 1,
    at: 1,
    leftOut: 1,
    events: metric === undefined ? toFiltered('$events', isType) : { $literal: [] },
    series: toFiltered('$series', [...isType, ...isMetric]),
  };
}

function toFiltered(input: string, conditions: readonly Document[]): Document | number {
  return conditions.length === 0 ? 1 : { $filter: { input, cond: { $and: conditions } } };
}

type Sum = Parameters<typeof mergeSum>[0];
type Keyed<Entry> = Map<string, Entry>;

function summarize(documents: readonly RollupDocument[], { interval }: AggregatesQuery): Aggregates {
  const series: Keyed<Pick<AggregateEntry, 'bucket' | 'source' | 'metric'> & { total: Sum }> = new Map();
  const events: Keyed<EventCount> = new Map();
  let leftOut = 0;
  for (const document of documents) {
    const { source } = document;
    const bucket = new Date(toIntervalStart(interval, document.at.getTime() / 1000) * 1000).toISOString();
    leftOut += document.leftOut;
    for (const one of document.series) {
      const key = `${bucket}\0${source}\0${one.metric}`;
      const known = series.get(key);
      if (known === undefined) series.set(key, { bucket, source, metric: one.metric, total: toSum(one) });
      else mergeSum(known.total, one);
    }
    for (const { type, count } of document.events) {
      const key = `${bucket}\0${source}\0${type}`;
      const known = events.get(key)?.count ?? 0;
      events.set(key, { bucket, source, type, count: known + count });
    }
  }
  const entries = [...series.values()];
  const counts = [...events.values()];
  return {
    series: entries
      .map(({ total, ...key }) => ({ ...key, ...toEntry(total) }))
      .sort((a, b) => compare([a.bucket, a.source, a.metric], [b.bucket, b.source, b.metric])),
    events: counts.sort((a, b) => compare([a.bucket, a.source, a.type], [b.bucket, b.source, b.type])),
    totals: {
      ...toTotals(entries.map(({ total }) => total)),
      events: counts.reduce((sum, { count }) => sum + count, 0),
      leftOut,
    },
  };
}

function toSum({ count, sum, rest, min, max }: RolledSeries): Sum {
  return { count, sum, rest, min, max };
}

function toEntry(total: Sum): Pick<AggregateEntry, 'count' | 'sum' | 'min' | 'max' | 'avg'> {
  const sum = toTotal(total);
  return { count: total.count, sum, min: total.min, max: total.max, avg: sum / total.count };
}

function toTotals([first, ...others]: readonly Sum[]): Omit<Aggregates['totals'], 'events' | 'leftOut'> {
  if (first === undefined) return { count: 0, sum: 0, min: null, max: null, avg: null };
  const total = { ...first };
  for (const other of others) mergeSum(total, other);
  return toEntry(total);
}

function compare(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((part, at) => part !== b[at]);
  if (index === -1) return 0;
  return (a[index] ?? '') < (b[index] ?? '') ? -1 : 1;
}

function tooMany() {
  return refuseParameter(
    'interval',
    'the answer would be too large: ask for a longer interval, a shorter time, one source or one metric',
  );
}
