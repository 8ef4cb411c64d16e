import type { RawItem, RawQuery } from '@sluice/contracts/api';
import type { RawEventDocument } from '@sluice/contracts/event';
import { STORED_STATUSES, type StoredStatus } from '@sluice/contracts/status';
import type { Filter } from 'mongodb';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { type CursorScope, parseCursor, parseRange, toCursor } from './keyset.ts';
import { takePage, toPageOptions } from './page.ts';

/** Stored raw events, as the api reads them. */
export type RawEvents = {
  /**
   * Returns a raw event with its body, headers and history; null when the tenant has none of this id.
   *
   * @throws DependencyAwayError
   */
  get(tenant: string, id: string): Promise<RawEventDocument | null>;
  /**
   * Returns the tenant that has a raw event of this id; null when none has.
   *
   * @throws DependencyAwayError
   */
  findTenant(id: string): Promise<string | null>;
  /**
   * Returns the ids of the events that used this event's idempotency key again with another body, the first 1,000.
   *
   * @throws DependencyAwayError
   */
  findConflicts(tenant: string, id: string): Promise<string[]>;
  /**
   * Lists raw events, the newest received first. Only stored ones: those that are `processing` never are.
   *
   * @throws ProblemException ERR_QUERY_INVALID for a bad cursor or time
   * @throws DependencyAwayError
   */
  list(
    tenant: string,
    query: RawQuery,
  ): Promise<{ readonly items: RawItem[]; readonly nextCursor: string | null }>;
};

/** A raw event without its content, of which only the size is known. */
type RawSummary = Omit<RawEventDocument, 'body' | 'headers'> & { readonly sizeBytes: number };

/** What a list shows; bodies stay in the database. */
const PROJECTION = {
  tenant: 1,
  source: 1,
  via: 1,
  status: 1,
  receivedAt: 1,
  attempts: 1,
  schemaVersion: 1,
  idempotencyKey: 1,
  keyOrigin: 1,
  contentHash: 1,
  contentType: 1,
  duplicateOf: 1,
  duplicateLevel: 1,
  code: 1,
  message: 1,
  conflictOf: 1,
  fingerprint: 1,
  discarded: 1,
  replay: 1,
  sizeBytes: { $binarySize: '$body' },
} as const;

const CONFLICTS_LIMIT = 1_000;

/** What the other fields of an item take, about. */
const ITEM_BYTES = 600;

/** Creates the reader of raw events; `timeoutMs` is the connection's operation timeout by default. */
export function createRawEvents(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): RawEvents {
  const collection = toCollection(connection, 'raw_events');

  function get(tenant: string, id: string): Promise<RawEventDocument | null> {
    return within(timeoutMs, (signal) =>
      collection.findOne({ _id: id, tenant }, { signal, maxTimeMS: timeoutMs, promoteBuffers: true }),
    );
  }

  async function findTenant(id: string): Promise<string | null> {
    const found = await within(timeoutMs, (signal) =>
      collection.findOne({ _id: id }, { signal, maxTimeMS: timeoutMs, projection: { tenant: 1 } }),
    );
    return found?.tenant ?? null;
  }

  async function findConflicts(tenant: string, id: string): Promise<string[]> {
    const found = await within(timeoutMs, (signal) =>
      collection
        .find(
          { conflictOf: id, tenant },
          { signal, maxTimeMS: timeoutMs, projection: { _id: 1 }, limit: CONFLICTS_LIMIT },
        )
        .toArray(),
    );
    return found.map(({ _id }) => _id);
  }

  async function list(tenant: string, query: RawQuery): ReturnType<RawEvents['list']> {
    const { limit } = query;
    const filter = toFilter(tenant, query);
    const { page, hasMore } = await within(timeoutMs, (signal) =>
      takePage(
        collection.find<RawSummary>(filter, {
          signal,
          maxTimeMS: timeoutMs,
          projection: PROJECTION,
          sort: { receivedAt: -1, _id: -1 },
          ...toPageOptions(limit),
        }),
        limit,
        toBytes,
      ),
    );
    const last = hasMore ? page.at(-1) : undefined;
    return {
      items: page.map(toItem),
      nextCursor:
        last === undefined
          ? null
          : toCursor({ at: last.receivedAt.getTime(), id: last._id }, toScope(tenant, query)),
    };
  }

  return { get, findTenant, findConflicts, list };
}

/** What of an item can be long. */
function toBytes({ idempotencyKey, contentType, message = '', discarded }: RawSummary): number {
  const texts = [idempotencyKey, contentType, message, discarded?.reason ?? ''];
  return texts.reduce((sum, text) => sum + text.length, ITEM_BYTES);
}

function toScope(tenant: string, query: RawQuery): CursorScope {
  const { status, source, code, fingerprint, discarded, from, to } = query;
  return ['raw', tenant, status, source, code, fingerprint, discarded, from, to];
}

/** Maps a raw event as `get` returns it to the form in which the api shows it. */
export function toRawItem(document: RawEventDocument): RawItem {
  return toItem({ ...document, sizeBytes: document.body.byteLength });
}

function toItem(document: RawSummary): RawItem {
  return {
    id: document._id,
    source: document.source,
    client_id: document.source,
    via: document.via,
    status: document.status,
    receivedAt: document.receivedAt.toISOString(),
    attempts: document.attempts,
    schemaVersion: document.schemaVersion,
    idempotencyKey: document.idempotencyKey,
    keyOrigin: document.keyOrigin,
    contentHash: document.contentHash,
    contentType: document.contentType,
    sizeBytes: document.sizeBytes,
    duplicateOf: document.duplicateOf ?? null,
    duplicateLevel: document.duplicateLevel ?? null,
    code: document.code ?? null,
    message: document.message ?? null,
    conflictOf: document.conflictOf ?? null,
    fingerprint: document.fingerprint ?? null,
    discarded: toDiscarded(document.discarded),
    replay: document.replay?.operation ?? null,
  };
}

function toDiscarded(discarded: RawEventDocument['discarded']): RawItem['discarded'] {
  return discarded === undefined ? null : { ...discarded, at: discarded.at.toISOString() };
}

/**
 * Every status is named where none is asked for, so that the one index by status serves that list too. The cursor
 * is one bound and a remainder, not an `$or` of ranges, which could not be merged in order.
 */
function toFilter(tenant: string, query: RawQuery): Filter<RawEventDocument> {
  const { status, source, code, fingerprint, cursor } = query;
  const isDeadList = status === 'dead' || fingerprint !== undefined;
  const discarded = query.discarded ?? (isDeadList ? 'false' : undefined);
  const range = parseRange(query);
  const and: Filter<RawEventDocument>[] = range === undefined ? [] : [{ receivedAt: range }];
  if (cursor !== undefined) {
    const { at, id } = parseCursor(cursor, toScope(tenant, query));
    const before = new Date(at ?? 0);
    and.push(
      { receivedAt: { $lte: before } },
      { $or: [{ receivedAt: { $lt: before } }, { _id: { $lt: id } }] },
    );
  }
  return {
    tenant,
    status: {
      $in:
        status === undefined
          ? [...STORED_STATUSES]
          : STORED_STATUSES.filter((it: StoredStatus) => it === status),
    },
    ...(source === undefined ? {} : { source }),
    ...(code === undefined ? {} : { code: code as NonNullable<RawEventDocument['code']> }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(discarded === undefined ? {} : { 'discarded.at': { $exists: discarded === 'true' } }),
    ...(and.length === 0 ? {} : { $and: and }),
  };
}
