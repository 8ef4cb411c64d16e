import {
  type DeadFilter,
  LIVE_STATES,
  type OperationDocument,
  type OperationKind,
  type OperationListQuery,
  type OperationState,
  type ReplayProgress,
} from '@sluice/contracts/operations';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { Document, Filter } from 'mongodb';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { type CursorScope, parseCursor, parseRange, toCursor } from './keyset.ts';
import { countProgress } from './replay-progress.ts';
import { untilCommitted } from './transaction.ts';

/** A change of state that a person asks for; `judgedFrom` only counts when it is resumed. */
export type OperationChange =
  | { readonly to: 'paused'; readonly stateReason: string }
  | { readonly to: 'cancelled'; readonly stateReason: string }
  | { readonly to: 'running'; readonly judgedFrom: OperationDocument['judgedFrom'] };

type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };

/** Operations as the api starts, shows and steers them. Every call rejects with DependencyAwayError. */
export type Operations = {
  /**
   * Keeps a new operation, unless another one of its kind is live whose events could be the same: then the answer
   * names that one. The two questions are one: of two that start at once, one is kept.
   */
  create(operation: OperationDocument): Promise<'created' | { readonly meets: string }>;
  /** Returns an operation; null when the tenant has none of this kind and id. */
  get(tenant: string, kind: OperationKind, id: string): Promise<OperationDocument | null>;
  /** Lists operations of a kind, the newest first. @throws ProblemException ERR_QUERY_INVALID for a bad cursor */
  list(tenant: string, kind: OperationKind, query: OperationListQuery): Promise<Page<OperationDocument>>;
  /** Changes the state of an operation that is in a state from which this is possible; null when it is not. */
  change(tenant: string, id: string, change: OperationChange, now: Date): Promise<OperationDocument | null>;
  /** Counts how far a replay has come, on its events. */
  readProgress(id: string): Promise<ReplayProgress>;
  /** Lists the events of a replay that are dead again. @throws ProblemException ERR_QUERY_INVALID for a bad cursor */
  listFailedAgain(
    id: string,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Page<string>>;
};

/** Returns what a cursor into the failed events of a replay belongs to. */
export function toFailedScope(operation: string): CursorScope {
  return ['failed-again', operation];
}

/** From which states a person can bring an operation into another. */
const FROM: Readonly<Record<OperationChange['to'], readonly OperationState[]>> = {
  paused: ['planned', 'running'],
  running: ['paused'],
  cancelled: LIVE_STATES,
};

/** How often creating is tried when another one is created at the same moment. */
const CREATE_ATTEMPTS = 20;

/** Creates the store of operations; `timeoutMs` is the connection's operation timeout by default. */
export function createOperations(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Operations {
  const operations = toCollection(connection, 'operations');
  const raw = toCollection(connection, 'raw_events');

  async function create(operation: OperationDocument): ReturnType<Operations['create']> {
    const { tenant, kind } = operation;
    const often = { timeoutMs, attempts: CREATE_ATTEMPTS };
    const created = await untilCommitted(connection, often, async (options) => {
      // Whoever creates writes this document, so that of two at once one has to come again and sees the other.
      await toCollection(connection, 'leases').updateOne(
        { _id: `create-${kind}-${tenant}` },
        { $inc: { fence: 1 }, $setOnInsert: { holder: null, grant: '', expiresAt: new Date(0) } },
        { upsert: true, ...options },
      );
      const live = await operations
        .find({ tenant, kind, open: true, state: { $in: [...LIVE_STATES] } }, options)
        .toArray();
      const met = live.find((other) => canMeet(operation, other));
      if (met !== undefined) return { meets: met._id };
      await operations.insertOne(operation, options);
      return 'created';
    });
    if (created !== null) return created;
    throw new DependencyAwayError(
      'mongodb',
      `${CREATE_ATTEMPTS} attempts to create an operation met others.`,
    );
  }

  function get(tenant: string, kind: OperationKind, id: string): Promise<OperationDocument | null> {
    return within(timeoutMs, (signal) =>
      operations.findOne({ _id: id, tenant, kind }, { signal, maxTimeMS: timeoutMs }),
    );
  }

  async function list(
    tenant: string,
    kind: OperationKind,
    { state, limit, cursor }: OperationListQuery,
  ): Promise<Page<OperationDocument>> {
    const scope = ['operations', tenant, kind, state];
    const filter: Filter<OperationDocument> = {
      tenant,
      kind,
      ...(state === undefined ? {} : { state }),
      ...(cursor === undefined ? {} : { $and: toBefore('createdAt', cursor, scope) }),
    };
    const found = await within(timeoutMs, (signal) =>
      operations
        .find(filter, { signal, maxTimeMS: timeoutMs, sort: { createdAt: -1, _id: -1 }, limit: limit + 1 })
        .toArray(),
    );
    return toPage(found, limit, ({ createdAt }) => createdAt, scope);
  }

  async function change(
    tenant: string,
    id: string,
    { to, ...fields }: OperationChange,
    now: Date,
  ): Promise<OperationDocument | null> {
    // What was paused before its set was frozen goes on with that.
    const running = { $cond: [{ $eq: ['$frozenAt', null] }, 'planned', 'running'] };
    return within(timeoutMs, (signal) =>
      operations.findOneAndUpdate(
        { _id: id, tenant, state: { $in: [...FROM[to]] } },
        [
          {
            $set: {
              state: to === 'running' ? running : to,
              stateReason: null,
              waitingFor: null,
              ...(to === 'cancelled' ? { endedAt: now } : {}),
              ...Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, { $literal: value }])),
            },
          },
        ],
        { returnDocument: 'after', ...toWriteOptions(signal) },
      ),
    );
  }

  async function readProgress(id: string): Promise<ReplayProgress> {
    return within(timeoutMs, (signal) => countProgress(connection, id, { signal, maxTimeMS: timeoutMs }));
  }

  async function listFailedAgain(
    id: string,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Page<string>> {
    const scope = toFailedScope(id);
    const found = await within(timeoutMs, (signal) =>
      raw
        .find(
          {
            'replay.operation': id,
            'replay.state': 'taken',
            status: 'dead',
            ...(cursor === undefined ? {} : { $and: toBefore('receivedAt', cursor, scope) }),
          },
          {
            signal,
            maxTimeMS: timeoutMs,
            projection: { receivedAt: 1 },
            sort: { receivedAt: -1, _id: -1 },
            limit: limit + 1,
          },
        )
        .toArray(),
    );
    const page = toPage(found, limit, ({ receivedAt }) => receivedAt, scope);
    return { ...page, items: page.items.map(({ _id }) => _id) };
  }

  return { create, get, list, change, readProgress, listFailedAgain };
}

/**
 * Tells whether two replays could want the same event. One that is about a single event only has to keep away from
 * sets that are not frozen yet: what is in a frozen set carries its mark, and is not taken a second time.
 */
function canMeet(mine: OperationDocument, other: OperationDocument): boolean {
  if (mine.kind !== 'replay') return false;
  if (mine.event !== null && other.event !== null) return mine.event === other.event;
  if (other.event !== null) return false;
  if (mine.event !== null && other.frozenAt !== null) return false;
  return !areApart(mine.filter, other.filter);
}

/** Two filters are apart when they ask for other values of one field, or for times or ids that have nothing in common. */
function areApart(one: DeadFilter, two: DeadFilter): boolean {
  const differ = (['source', 'code', 'fingerprint'] as const).some(
    (field) => one[field] !== undefined && two[field] !== undefined && one[field] !== two[field],
  );
  if (differ || isBefore(one, two) || isBefore(two, one)) return true;
  if (one.ids !== undefined && two.ids !== undefined) return !one.ids.some((id) => two.ids?.includes(id));
  return (
    one.ids === undefined && two.ids === undefined && (one.discarded ?? false) !== (two.discarded ?? false)
  );
}

function isBefore(one: DeadFilter, two: DeadFilter): boolean {
  const end = parseRange(one)?.$lt;
  const start = parseRange(two)?.$gte;
  return end !== undefined && start !== undefined && end <= start;
}

function toBefore(field: 'createdAt' | 'receivedAt', cursor: string, scope: CursorScope): Document[] {
  const { at, id } = parseCursor(cursor, scope);
  const before = new Date(at ?? 0);
  return [{ [field]: { $lte: before } }, { $or: [{ [field]: { $lt: before } }, { _id: { $lt: id } }] }];
}

function toPage<Item extends { readonly _id: string }>(
  found: readonly Item[],
  limit: number,
  toTime: (item: Item) => Date,
  scope: CursorScope,
): Page<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return {
    items,
    nextCursor: hasMore ? toCursor({ at: toTime(last).getTime(), id: last._id }, scope) : null,
  };
}
