import { KEY_ID_PATTERN, ROLES } from '@sluice/contracts/access';
import type { AuditEntry, AuditItem, AuditOutcome, AuditQuery } from '@sluice/contracts/audit';
import { type Filter, ObjectId } from 'mongodb';
import { type AuditDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { type CursorScope, parseCursor, parseRange, toCursor } from './keyset.ts';

/** The record of who changed what. */
export type AuditLog = {
  /**
   * Writes an entry and returns its id.
   *
   * @throws DependencyAwayError
   */
  insert(entry: AuditEntry): Promise<string>;
  /**
   * Adds what became of a call.
   *
   * @throws DependencyAwayError
   */
  complete(id: string, outcome: AuditOutcome): Promise<void>;
  /**
   * Lists the entries of a tenant, the newest first.
   *
   * @throws ProblemException ERR_QUERY_INVALID for a bad cursor or time
   * @throws DependencyAwayError
   */
  list(
    tenant: string,
    query: AuditQuery,
  ): Promise<{ readonly items: AuditItem[]; readonly nextCursor: string | null }>;
};

/** Creates the audit log; `timeoutMs` is the connection's operation timeout by default. */
export function createAuditLog(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): AuditLog {
  const collection = toCollection(connection, 'audit_log');

  async function insert(entry: AuditEntry): Promise<string> {
    const document = { _id: new ObjectId().toHexString(), ...entry };
    await within(timeoutMs, (signal) => collection.insertOne(document, toWriteOptions(signal)));
    return document._id;
  }

  async function complete(id: string, outcome: AuditOutcome): Promise<void> {
    await within(timeoutMs, (signal) =>
      collection.updateOne({ _id: id }, { $set: outcome }, toWriteOptions(signal)),
    );
  }

  async function list(tenant: string, query: AuditQuery): ReturnType<AuditLog['list']> {
    const { limit } = query;
    const found = await within(timeoutMs, (signal) =>
      collection
        .find(toFilter(tenant, query), {
          ...{ signal, maxTimeMS: timeoutMs, sort: { at: -1, _id: -1 }, limit: limit + 1 },
        })
        .toArray(),
    );
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const hasMore = found.length > limit && last !== undefined;
    return {
      items: page.map(toItem),
      nextCursor: hasMore ? toCursor({ at: last.at.getTime(), id: last._id }, toScope(tenant, query)) : null,
    };
  }

  return { insert, complete, list };
}

function toScope(tenant: string, { actor, action, from, to }: AuditQuery): CursorScope {
  return ['audit', tenant, actor, action, from, to];
}

function toFilter(tenant: string, query: AuditQuery): Filter<AuditDocument> {
  const { actor, action, cursor } = query;
  const range = parseRange(query);
  const and: Filter<AuditDocument>[] = range === undefined ? [] : [{ at: range }];
  if (cursor !== undefined) {
    const place = parseCursor(cursor, toScope(tenant, query));
    const at = new Date(place.at ?? 0);
    and.push({ at: { $lte: at } }, { $or: [{ at: { $lt: at } }, { _id: { $lt: place.id } }] });
  }
  return {
    tenant,
    ...(actor === undefined
      ? {}
      : KEY_ID_PATTERN.test(actor)
        ? { 'actor.keyId': actor }
        : { 'actor.name': actor }),
    ...(action === undefined ? {} : { action }),
    ...(and.length === 0 ? {} : { $and: and }),
  };
}

function toItem({ _id, at, tenant: _, actor, params, ...rest }: AuditDocument): AuditItem {
  const role = ROLES.find((known) => known === actor.role) ?? null;
  return { id: _id, at: at.toISOString(), ...rest, actor: { ...actor, role }, params: { ...params } };
}
