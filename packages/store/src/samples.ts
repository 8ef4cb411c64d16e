import {
  type HistoryBucket,
  type HistoryMark,
  MAX_HISTORY_MS,
  MAX_MARKS,
  SAMPLES_KEPT_MS,
  type Sample,
  type StatsHistory,
  type StatsHistoryQuery,
} from '@sluice/contracts/stats-history';
import { toStepSeconds } from '@sluice/contracts/time-steps';
import { createAppVersions } from './app-versions.ts';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { parseRange, refuseParameter } from './keyset.ts';
import { type InTransaction, transact } from './transaction.ts';

const HOUR_MS = 3_600_000;

/** How soon after a mapping was retired another became active that takes its place, in ms, where that was not noted. */
const REPLACED_MS = 5000;

/** The history of how much waits. Every call rejects with DependencyAwayError. */
export type Samples = {
  /** Notes what was seen; false when somebody has done so for that moment, or does at the same time. */
  insert(sample: Sample): Promise<boolean>;
  /**
   * Reads what was noted, in buckets: the last hour when no `from` is named.
   *
   * @throws ProblemException ERR_QUERY_INVALID for a bad time
   */
  read(tenant: string, query: StatsHistoryQuery, nowMs: number): Promise<StatsHistory>;
};

type Found = Readonly<Record<(typeof JOB_STATES)[number], number | null>> & {
  readonly _id: number;
  readonly oldestWaitingMs: number | null;
  readonly replicationLagMs: number | null;
  readonly hasBackup: boolean;
};

/** A revision, and when it was activated or retired. */
type ChangedMapping = {
  readonly source: string;
  readonly revision: number;
  readonly at: Date;
  readonly replacedBy?: number;
};

const JOB_STATES = ['waiting', 'active', 'delayed', 'failed', 'parked'] as const;

/** Creates the history of samples; `timeoutMs` is the connection's operation timeout by default. */
export function createSamples(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Samples {
  const collection = toCollection(connection, 'samples');
  const { listDeploys } = createAppVersions(connection, { timeoutMs });

  async function insert({ at, ...sample }: Sample): Promise<boolean> {
    const _id = toSampleId('slot', at.getTime());
    // In one: after a failure between them the hour would never get the peak of this moment. A second sample is a conflict.
    const { result } = await transact(connection, timeoutMs, async (options) => {
      await collection.insertOne({ _id, at, ...sample, expiresAt: toExpiry(at) }, options);
      await addToHour(at, sample, options);
      return 'committed';
    });
    return result === 'committed';
  }

  /** The most of each hour, which a question for a month would be too slow without. */
  async function addToHour(at: Date, sample: Omit<Sample, 'at'>, options: InTransaction): Promise<void> {
    const hour = new Date(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS);
    const { queue, hasBackup, replicationLagMs } = sample;
    const counts = Object.entries(queue ?? {}).map(([name, value]) => [`queue.${name}`, value] as const);
    await collection.updateOne(
      { _id: toSampleId('hour', hour.getTime()) },
      {
        $max: { ...Object.fromEntries(counts), hasBackup, replicationLagMs },
        $setOnInsert: { at: hour, expiresAt: toExpiry(hour) },
      },
      { upsert: true, ...options },
    );
  }

  async function read(tenant: string, query: StatsHistoryQuery, nowMs: number): Promise<StatsHistory> {
    const { fromMs, toMs } = toTime(query, nowMs);
    const stepSeconds = toStepSeconds(fromMs, toMs);
    const stepMs = stepSeconds * 1000;
    const firstMs = Math.floor(fromMs / stepMs) * stepMs;
    // What is to come is no gap.
    const endMs = Math.min(Math.ceil(toMs / stepMs), Math.floor(nowMs / stepMs) + 1) * stepMs;
    const [from, to] = [new Date(firstMs), new Date(endMs)];
    const [found, done, deploys] = await Promise.all([
      readSums(firstMs, endMs, stepMs),
      readMarks(tenant, from, to),
      listDeploys(from, to),
    ]);
    const sums = new Map(found.map((sum) => [Number(sum._id), sum]));
    const count = Math.max(0, (endMs - firstMs) / stepMs);
    return {
      stepSeconds,
      buckets: Array.from({ length: count }, (_, index) => {
        const atMs = firstMs + index * stepMs;
        return toBucket(atMs, sums.get(atMs));
      }),
      hasBackup: found.some(({ hasBackup }) => hasBackup),
      marks: [...done, ...deploys].toSorted((a, b) => (a.at < b.at ? 1 : -1)).slice(0, MAX_MARKS),
    };
  }

  function readSums(firstMs: number, endMs: number, stepMs: number): Promise<readonly Found[]> {
    const unit = stepMs < HOUR_MS ? 'slot' : 'hour';
    const range = { $gte: toSampleId(unit, firstMs), $lt: toSampleId(unit, endMs) };
    const at = { $toLong: '$at' };
    return within(timeoutMs, (signal) =>
      collection
        .aggregate<Found>(
          [
            { $match: { _id: range } },
            {
              $group: {
                _id: { $subtract: [at, { $mod: [at, stepMs] }] },
                ...Object.fromEntries(JOB_STATES.map((state) => [state, { $max: `$queue.${state}` }])),
                oldestWaitingMs: { $max: '$queue.oldestWaitingMs' },
                replicationLagMs: { $max: '$replicationLagMs' },
                hasBackup: { $max: '$hasBackup' },
              },
            },
          ],
          { signal, maxTimeMS: timeoutMs },
        )
        .toArray(),
    );
  }

  /** The newest first; limited when other tenants' are gone, whose would leave no place for the own ones. */
  function readMappings(
    tenant: string,
    field: 'activatedAt' | 'retiredAt',
    range: { readonly $gte: Date; readonly $lt: Date },
    signal: AbortSignal,
  ): Promise<readonly ChangedMapping[]> {
    return toCollection(connection, 'mappings')
      .aggregate<ChangedMapping>(
        [
          { $match: { [field]: range } },
          { $sort: { [field]: -1 } },
          { $project: { source: 1, revision: 1, replacedBy: 1, at: `$${field}` } },
          { $lookup: { from: 'sources', localField: 'source', foreignField: '_id', as: 'owner' } },
          { $match: { 'owner.tenant': tenant } },
          { $limit: MAX_MARKS },
          { $project: { owner: 0 } },
        ],
        { signal, maxTimeMS: timeoutMs },
      )
      .toArray();
  }

  async function readMarks(tenant: string, from: Date, to: Date): Promise<HistoryMark[]> {
    const range = { $gte: from, $lt: to };
    const options = { maxTimeMS: timeoutMs, limit: MAX_MARKS };
    const [activated, retired, operations] = await within(timeoutMs, (signal) =>
      Promise.all([
        readMappings(tenant, 'activatedAt', range, signal),
        readMappings(tenant, 'retiredAt', range, signal),
        connection.db
          .collection<{ readonly _id: string; readonly kind: string; readonly createdAt: Date }>('operations')
          .find(
            // An operation on one event explains no change in the numbers.
            { tenant, kind: { $in: Object.keys(KINDS) }, createdAt: range, event: null } as object,
            { ...options, signal, sort: { createdAt: -1 }, projection: { kind: 1, createdAt: 1 } },
          )
          .toArray(),
      ]),
    );
    return [
      ...activated.map((one) => toMark('mapping', one)),
      ...retired.filter((one) => !isReplaced(one, activated)).map((one) => toMark('mapping-retired', one)),
      ...operations.map(({ _id, kind, createdAt }): HistoryMark => {
        return { at: createdAt.toISOString(), kind: KINDS[kind] ?? 'replay', subject: _id, revision: null };
      }),
    ];
  }

  return { insert, read };
}

/** Kinds of operations as they are stored, and as they are told. */
const KINDS: Readonly<Record<string, HistoryMark['kind']>> = {
  replay: 'replay',
  discard: 'discard',
  fullSync: 'full-sync',
};

function toMark(kind: HistoryMark['kind'], { source, revision, at }: ChangedMapping): HistoryMark {
  return { at: at.toISOString(), kind, subject: source, revision };
}

/** Older ones do not say by what: then the time tells it, unless that was activated once more since. */
function isReplaced(retired: ChangedMapping, activated: readonly ChangedMapping[]): boolean {
  if (retired.replacedBy !== undefined) return true;
  return activated.some(({ source, at }) => {
    const laterMs = at.getTime() - retired.at.getTime();
    return source === retired.source && laterMs >= 0 && laterMs <= REPLACED_MS;
  });
}

/** Ids are in order of their times, and those of each unit lie together. */
function toSampleId(unit: 'slot' | 'hour', atMs: number): string {
  return `${unit}:${new Date(atMs).toISOString()}`;
}

function toExpiry(at: Date): Date {
  return new Date(at.getTime() + SAMPLES_KEPT_MS);
}

function toTime(query: StatsHistoryQuery, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const range = parseRange(query);
  const toMs = range?.$lt?.getTime() ?? nowMs;
  const fromMs = range?.$gte?.getTime() ?? toMs - HOUR_MS;
  if (fromMs >= toMs) throw refuseParameter('from', 'not before the end');
  // The end may be moved to that of the bucket in which now is.
  if (Math.min(toMs, nowMs) - fromMs > MAX_HISTORY_MS)
    throw refuseParameter('from', 'more than 32 days before the end');
  return { fromMs, toMs };
}

function toBucket(atMs: number, sum: Found | undefined): HistoryBucket {
  const at = new Date(atMs).toISOString();
  if (sum === undefined) return { at, queue: null, replicationLagMs: null };
  const { waiting, active, delayed, failed, parked, oldestWaitingMs, replicationLagMs } = sum;
  const isKnown =
    waiting !== null && active !== null && delayed !== null && failed !== null && parked !== null;
  return {
    at,
    queue: isKnown ? { waiting, active, delayed, failed, parked, oldestWaitingMs } : null,
    replicationLagMs,
  };
}
