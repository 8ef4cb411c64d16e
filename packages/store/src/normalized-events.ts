import type { NormalizedItem, NormalizedQuery } from '@sluice/contracts/api';
import type { NormalizedEventDocument } from '@sluice/contracts/event';
import type { Filter } from 'mongodb';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { SUBJECT_KEYS } from './declared.ts';
import { type CursorScope, type Place, parseCursor, parseRange, toCursor } from './keyset.ts';
import { DOCUMENT_BYTES, takePage, toPageOptions } from './page.ts';

/** Normalized events, as the api reads them. */
export type NormalizedEvents = {
  /**
   * Returns a normalized event; null when the tenant has none of this id.
   *
   * @throws DependencyAwayError
   */
  get(tenant: string, id: string): Promise<NormalizedItem | null>;
  /**
   * Lists normalized events by their own time, the newest first; those without a time come last, and not at all
   * when `from` or `to` is given.
   *
   * @throws ProblemException ERR_QUERY_INVALID for a bad cursor or time, or two different sources
   * @throws DependencyAwayError
   */
  list(
    tenant: string,
    query: NormalizedQuery,
  ): Promise<{ readonly items: NormalizedItem[]; readonly nextCursor: string | null }>;
};

/** A normalized event, and its size in the database. */
type SizedEvent = NormalizedEventDocument & { readonly documentBytes: number };

const PROJECTION = {
  tenant: 1,
  source: 1,
  type: 1,
  subject: 1,
  timestamp: 1,
  data: 1,
  normalizedHash: 1,
  contentHash: 1,
  schemaVersion: 1,
  mappingRevision: 1,
  lineage: 1,
  warnings: 1,
  receivedAt: 1,
  storedAt: 1,
  documentBytes: DOCUMENT_BYTES,
} as const satisfies Record<Exclude<keyof SizedEvent, '_id'>, unknown>;

/** Creates the reader of normalized events; `timeoutMs` is the connection's operation timeout by default. */
export function createNormalizedEvents(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): NormalizedEvents {
  const collection = toCollection(connection, 'normalized_events');

  async function get(tenant: string, id: string): Promise<NormalizedItem | null> {
    const found = await within(timeoutMs, (signal) =>
      collection.findOne({ _id: id, tenant }, { signal, maxTimeMS: timeoutMs }),
    );
    return found === null ? null : toNormalizedItem(found);
  }

  async function list(tenant: string, query: NormalizedQuery): ReturnType<NormalizedEvents['list']> {
    const { limit } = query;
    const scope = toScope(tenant, query);
    const place = query.cursor === undefined ? null : parseCursor(query.cursor, scope);
    const range = parseRange(query);
    const { page, hasMore } = await within(timeoutMs, (signal) =>
      takePage(findItems(tenant, query, place, range, signal), limit, ({ documentBytes }) => documentBytes),
    );
    const last = hasMore ? page.at(-1) : undefined;
    return {
      items: page.map(toNormalizedItem),
      nextCursor:
        last === undefined ? null : toCursor({ at: last.timestamp?.getTime() ?? null, id: last._id }, scope),
    };
  }

  /** First those with a time, then those without one. */
  async function* findItems(
    tenant: string,
    query: NormalizedQuery,
    place: Place | null,
    range: ReturnType<typeof parseRange>,
    signal: AbortSignal,
  ): AsyncGenerator<SizedEvent> {
    const fixed = toFixedFilter(tenant, query);
    const options = {
      signal,
      maxTimeMS: timeoutMs,
      projection: PROJECTION,
      sort: { timestamp: -1, _id: -1 },
      // Beside a source MongoDB might take the index of sources, and look into each of its records.
      ...(query.subject === undefined || query.source === undefined ? {} : { hint: SUBJECT_KEYS }),
      ...toPageOptions(query.limit),
    } as const;
    if (place === null || place.at !== null) {
      yield* collection.find<SizedEvent>({ ...fixed, ...toTimed(place, range) }, options);
    }
    if (range !== undefined) return;
    yield* collection.find<SizedEvent>({ ...fixed, ...toUntimed(place) }, options);
  }

  return { get, list };
}

/** Maps a normalized event to the form in which the api and the live stream show it. */
export function toNormalizedItem(document: NormalizedEventDocument): NormalizedItem {
  return {
    id: document._id,
    source: document.source,
    client_id: document.source,
    type: document.type,
    subject: document.subject,
    timestamp: document.timestamp?.toISOString() ?? null,
    data: document.data,
    normalizedHash: document.normalizedHash,
    schemaVersion: document.schemaVersion,
    mappingRevision: document.mappingRevision,
    lineage: { ...document.lineage },
    warnings: [...document.warnings],
    receivedAt: document.receivedAt.toISOString(),
    storedAt: document.storedAt.toISOString(),
  };
}

function toScope(tenant: string, { source, type, subject, from, to }: NormalizedQuery): CursorScope {
  return ['normalized', tenant, source, type, subject, from, to];
}

type NormalizedFilter = Filter<NormalizedEventDocument>;

function toFixedFilter(tenant: string, { source, type, subject }: NormalizedQuery): NormalizedFilter {
  return {
    tenant,
    ...(source === undefined ? {} : { source }),
    ...(type === undefined ? {} : { type }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function toTimed(place: Place | null, range: ReturnType<typeof parseRange>): NormalizedFilter {
  const and: NormalizedFilter[] = [{ timestamp: { $gte: new Date(-8.64e15), ...range } }];
  if (place !== null && place.at !== null) {
    const before = new Date(place.at);
    and.push(
      { timestamp: { $lte: before } },
      { $or: [{ timestamp: { $lt: before } }, { _id: { $lt: place.id } }] },
    );
  }
  return { $and: and };
}

function toUntimed(place: Place | null): NormalizedFilter {
  return { timestamp: null, ...(place !== null && place.at === null ? { _id: { $lt: place.id } } : {}) };
}
