import { type DeadLettersQuery, SPARKLINE_POINTS } from '@sluice/contracts/dead-letters';
import type { RawEventDocument } from '@sluice/contracts/event';
import type { DeadFilter, OperationPlan } from '@sluice/contracts/operations';
import type { Abortable, AggregateOptions, Filter, FindOptions } from 'mongodb';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { DEAD_LETTER_KEYS } from './declared.ts';
import { parseRange } from './keyset.ts';

/** Dead letters of one fingerprint, with the message of one of them as it stands there. */
export type DeadLetterGroupFound = {
  readonly fingerprint: string;
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly sources: Readonly<Record<string, number>>;
  readonly oldest: Date;
  readonly newest: Date;
  readonly lastFiveMinutes: number;
  readonly sampleIds: readonly string[];
  readonly sparkline: readonly number[];
};

export type DeadLettersFound = {
  readonly total: number;
  readonly groups: number;
  readonly window: { readonly from: Date; readonly to: Date } | null;
  readonly items: readonly DeadLetterGroupFound[];
};

/** Dead letters as operators ask for them. */
export type DeadLettersStore = {
  /**
   * Groups dead letters by fingerprint, the largest groups first; counted from an index alone. What was received in the
   * five minutes before `now` is counted apart.
   *
   * @throws ProblemException ERR_QUERY_INVALID for a bad time
   * @throws DependencyAwayError
   */
  group(tenant: string, query: DeadLettersQuery, now: Date): Promise<DeadLettersFound>;
  /**
   * Counts what an operation would do that is started at the watermark. What another open operation has in hand is
   * not part of it.
   *
   * @throws ProblemException ERR_QUERY_INVALID for a bad time
   * @throws DependencyAwayError
   */
  plan(tenant: string, filter: DeadFilter, watermark: Date): Promise<OperationPlan>;
};

const SHOWN_SOURCES = 20;
const SHOWN_SAMPLES = 5;

/** Whether dead letters are still arriving is judged by so long a time. */
const LATELY_MS = 5 * 60_000;

/** The most sources, and groups, that a plan names. */
const PLAN_NAMES = 100;

/** Creates the reader of dead letters; `timeoutMs` is the connection's operation timeout by default. */
export function createDeadLetters(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): DeadLettersStore {
  const collection = toCollection(connection, 'raw_events');

  function group(tenant: string, query: DeadLettersQuery, now: Date): Promise<DeadLettersFound> {
    const filter = toGroupFilter(query);
    const match = [{ $match: toDeadFilter(tenant, filter) }, ...toUnlisted(filter, [])];
    return within(timeoutMs, async (signal) => {
      const options = { signal, maxTimeMS: timeoutMs };
      const counting = { ...options, ...toHint(filter) };
      const [span] = await collection
        .aggregate<Span>(
          [...match, { $group: { _id: null, from: { $min: '$receivedAt' }, to: { $max: '$receivedAt' } } }],
          counting,
        )
        .toArray();
      if (span === undefined) return { total: 0, groups: 0, window: null, items: [] };
      const [counted] = await collection
        .aggregate<Counted>([...match, ...toGroups(span, query.limit, now)], counting)
        .toArray();
      const items = await Promise.all(
        (counted?.items ?? []).map(async (item, index) => {
          const samples = await collection
            .find<Pick<RawEventDocument, '_id' | 'message' | 'code'>>(
              {
                ...toDeadFilter(tenant, { ...filter, fingerprint: item._id }),
                'discarded.at': { $exists: query.discarded },
              },
              {
                ...options,
                sort: { receivedAt: -1, _id: -1 },
                limit: SHOWN_SAMPLES,
                projection: { message: 1, code: 1 },
              },
            )
            .toArray();
          return toFound(item, counted?.sources[index]?.largest ?? [], samples);
        }),
      );
      const [total] = counted?.total ?? [];
      return {
        total: total?.events ?? 0,
        groups: total?.groups ?? 0,
        window: { from: span.from, to: span.to },
        items,
      };
    });
  }

  function plan(tenant: string, filter: DeadFilter, watermark: Date): Promise<OperationPlan> {
    return within(timeoutMs, async (signal) => {
      const open = await listOpenIds(connection, { signal, maxTimeMS: timeoutMs });
      const [found] = await collection
        .aggregate<PlanFound>(
          [
            { $match: toDeadFilter(tenant, filter, watermark) },
            ...toUnlisted(filter, open),
            {
              $group: {
                _id: { source: '$source', fingerprint: '$fingerprint' },
                n: { $sum: 1 },
                oldest: { $min: '$receivedAt' },
                newest: { $max: '$receivedAt' },
              },
            },
            {
              $facet: {
                all: [
                  {
                    $group: {
                      _id: null,
                      n: { $sum: '$n' },
                      oldest: { $min: '$oldest' },
                      newest: { $max: '$newest' },
                    },
                  },
                ],
                bySource: toTop('$_id.source'),
                byFingerprint: toTop('$_id.fingerprint'),
              },
            },
          ],
          { signal, maxTimeMS: timeoutMs, ...toHint(filter) },
        )
        .toArray();
      const [all] = found?.all ?? [];
      return {
        count: all?.n ?? 0,
        bySource: toRecord(found?.bySource ?? []),
        byFingerprint: toRecord(found?.byFingerprint ?? []),
        oldest: all?.oldest.toISOString() ?? null,
        newest: all?.newest.toISOString() ?? null,
        watermark: watermark.toISOString(),
      };
    });
  }

  return { group, plan };
}

/**
 * Makes the filter of dead letters that the index of fingerprints answers: only they have one. Whether they are
 * discarded, or another operation's, is asked apart (`toUnlisted`).
 */
export function toDeadFilter(
  tenant: string,
  { source, code, fingerprint, from, to, ids }: Omit<DeadFilter, 'status'>,
  watermark?: Date,
): Filter<RawEventDocument> {
  const range = parseRange({ from, to });
  return {
    tenant,
    fingerprint: fingerprint ?? { $gt: '' },
    ...(source === undefined ? {} : { source }),
    ...(code === undefined ? {} : { code: code as NonNullable<RawEventDocument['code']> }),
    ...(range === undefined ? {} : { receivedAt: range }),
    ...(ids === undefined ? {} : { _id: { $in: [...ids] } }),
    ...(watermark === undefined ? {} : { updatedAt: { $lte: watermark } }),
  };
}

/**
 * Returns the hint of the index that `toDeadFilter` is made for: left alone, the server may read through all events of
 * a source. Events that are named are found by their names.
 */
export function toHint({ ids }: Pick<DeadFilter, 'ids'>): Pick<AggregateOptions, 'hint'> {
  return ids === undefined ? { hint: { ...DEAD_LETTER_KEYS } } : {};
}

/** Returns the ids of the operations whose events nobody else may take. */
export async function listOpenIds(
  connection: StoreConnection,
  options: FindOptions & Abortable,
): Promise<string[]> {
  const found = await toCollection(connection, 'operations')
    .find({ open: true }, { ...options, projection: { _id: 1 } })
    .toArray();
  return found.map(({ _id }) => _id);
}

/**
 * Makes the stages that keep what is discarded or not, and nothing that an `open` operation has in hand. Computed from
 * an index's keys: asked as a query, a missing field would make the server read the documents.
 */
export function toUnlisted(
  { discarded, ids }: Pick<DeadFilter, 'discarded' | 'ids'>,
  open: readonly string[],
) {
  const isEither = discarded === undefined && ids !== undefined;
  return [
    {
      $project: {
        fingerprint: 1,
        source: 1,
        code: 1,
        receivedAt: 1,
        isListed: {
          $and: [
            isEither ? true : { $eq: [{ $gt: ['$discarded.at', null] }, discarded === true] },
            { $not: [{ $in: ['$replay.operation', [...open]] }] },
          ],
        },
      },
    },
    { $match: { isListed: true } },
  ];
}

function toGroupFilter({ source, code, from, to, discarded }: DeadLettersQuery): Omit<DeadFilter, 'status'> {
  return {
    ...(source === undefined ? {} : { source }),
    ...(code === undefined ? {} : { code }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    discarded,
  };
}

type Span = { readonly from: Date; readonly to: Date };
type Top = readonly { readonly _id: string; readonly n: number }[];
type PlanFound = {
  readonly all: readonly { readonly n: number; readonly oldest: Date; readonly newest: Date }[];
  readonly bySource: Top;
  readonly byFingerprint: Top;
};
type Counted = {
  readonly total: readonly { readonly events: number; readonly groups: number }[];
  readonly items: readonly CountedGroup[];
  /** Of the same groups, in the same order. */
  readonly sources: readonly {
    readonly largest: readonly { readonly source: string; readonly n: number }[];
  }[];
};
type CountedGroup = {
  readonly _id: string;
  readonly n: number;
  readonly oldest: Date;
  readonly newest: Date;
  readonly lately: number;
  readonly cells: readonly { readonly point: number; readonly n: number }[];
};

/**
 * Counts by group, source and point of the sparkline, then joins the points and the sources of each group, apart from
 * one another. A group has as many sources as senders make of them, and no document may hold them all: only the largest.
 */
function toGroups({ from, to }: Span, limit: number, now: Date) {
  const lately = new Date(now.getTime() - LATELY_MS);
  const stepMs = Math.max(1, Math.ceil((to.getTime() - from.getTime() + 1) / SPARKLINE_POINTS));
  const passed = { $floor: { $divide: [{ $subtract: ['$receivedAt', from] }, stepMs] } };
  // What came between the two questions may lie outside the window.
  const point = { $min: [SPARKLINE_POINTS - 1, { $max: [0, passed] }] };
  const n = { $sum: '$n' };
  const joined = { n, lately: { $sum: '$lately' }, oldest: { $min: '$oldest' }, newest: { $max: '$newest' } };
  const shown = [{ $sort: { n: -1, _id: 1 } }, { $limit: limit }];
  return [
    {
      $group: {
        _id: { fingerprint: '$fingerprint', source: '$source', point },
        n: { $sum: 1 },
        lately: { $sum: { $cond: [{ $gte: ['$receivedAt', lately] }, 1, 0] } },
        oldest: { $min: '$receivedAt' },
        newest: { $max: '$receivedAt' },
      },
    },
    {
      $facet: {
        total: [
          { $group: { _id: '$_id.fingerprint', n } },
          { $group: { _id: null, events: n, groups: { $sum: 1 } } },
        ],
        items: [
          { $group: { _id: { fingerprint: '$_id.fingerprint', point: '$_id.point' }, ...joined } },
          {
            $group: {
              _id: '$_id.fingerprint',
              ...joined,
              cells: { $push: { point: '$_id.point', n: '$n' } },
            },
          },
          ...shown,
        ],
        sources: [
          { $group: { _id: { fingerprint: '$_id.fingerprint', source: '$_id.source' }, n } },
          {
            $group: {
              _id: '$_id.fingerprint',
              n,
              largest: {
                $topN: {
                  n: SHOWN_SOURCES,
                  sortBy: { n: -1, '_id.source': 1 },
                  output: { source: '$_id.source', n: '$n' },
                },
              },
            },
          },
          ...shown,
        ],
      },
    },
  ];
}

function toFound(
  { _id, n, oldest, newest, lately, cells }: CountedGroup,
  largest: Counted['sources'][number]['largest'],
  samples: readonly Pick<RawEventDocument, '_id' | 'message' | 'code'>[],
): DeadLetterGroupFound {
  const points = new Map(cells.map((cell) => [cell.point, cell.n]));
  return {
    fingerprint: _id,
    code: samples[0]?.code ?? '',
    message: samples[0]?.message ?? '',
    count: n,
    sources: Object.fromEntries(largest.map((one) => [one.source, one.n])),
    oldest,
    newest,
    lastFiveMinutes: lately,
    sampleIds: samples.map(({ _id: id }) => id),
    sparkline: Array.from({ length: SPARKLINE_POINTS }, (_, index) => points.get(index) ?? 0),
  };
}

function toTop(by: string) {
  return [
    { $group: { _id: by, n: { $sum: '$n' } } },
    { $sort: { n: -1 as const, _id: 1 as const } },
    { $limit: PLAN_NAMES },
  ];
}

function toRecord(top: Top): Record<string, number> {
  return Object.fromEntries(top.map(({ _id, n }) => [_id, n]));
}
