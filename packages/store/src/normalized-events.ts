import type { NormalizedItem, NormalizedQuery } from '@sluice/contracts/api';
import type { NormalizedEventDocument } from '@sluice/contracts/event';
import type { mongo } from 'mongoose';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { type Place, parseCursor, parseRange, toCursor } from './keyset.ts';

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
    const place = query.cursor === undefined ? null : parseCursor(query.cursor);
    const range = parseRange(query);
    const fixed = toFixedFilter(tenant, query);
    const found = await within(timeoutMs, async (signal) => {
      const options = { signal, maxTimeMS: timeoutMs, sort: { timestamp: -1, _id: -1 } } as const;
      const timed =
        place !== null && place.at === null
          ? []
          : await collection
              .find({ ...fixed, ...toTimed(place, range) }, { ...options, limit: limit + 1 })
              .toArray();
      if (timed.length > limit || range !== undefined) return timed;
      const untimed = await collection
        .find({ ...fixed, ...toUntimed(place) }, { ...options, limit: limit + 1 - timed.length })
        .toArray();
      return [...timed, ...untimed];
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const hasMore = found.length > limit && last !== undefined;
    return {
      items: page.map(toNormalizedItem),
      nextCursor: hasMore ? toCursor({ at: last.timestamp?.getTime() ?? null, id: last._id }) : null,
    };
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

type NormalizedFilter = mongo.Filter<NormalizedEventDocument>;

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
