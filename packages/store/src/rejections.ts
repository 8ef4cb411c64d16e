import { isUtf8 } from 'node:buffer';
import type { RejectionItem, RejectionQuery } from '@sluice/contracts/api';
import { DEFAULT_TENANT } from '@sluice/contracts/event';
import type { Rejection } from '@sluice/contracts/rejection';
import { type Filter, ObjectId } from 'mongodb';
import { type RejectionDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { type CursorScope, parseCursor, refuseParameter, toCursor } from './keyset.ts';
import { takePage, toPageOptions } from './page.ts';
import { toStorable } from './storable.ts';

/** The refused requests, of which the newest 32 MiB are kept. */
export type Rejections = {
  /**
   * Keeps refused requests; long headers, paths and bodies are cut.
   *
   * @throws DependencyAwayError
   */
  insertMany(rejections: readonly Rejection[]): Promise<void>;
  /**
   * Counts what is kept, by code.
   *
   * @throws DependencyAwayError
   */
  countByCode(): Promise<ReadonlyMap<string, number>>;
  /**
   * Lists what is kept of a tenant, the newest first; the default one's list has those of nobody too.
   *
   * @throws ProblemException ERR_QUERY_INVALID for a bad cursor
   * @throws DependencyAwayError
   */
  list(
    tenant: string,
    query: RejectionQuery,
  ): Promise<{ readonly items: RejectionItem[]; readonly nextCursor: string | null }>;
};

const MAX_BODY_BYTES = 4_096;
const MAX_TEXT_LENGTH = 1_024;
const MAX_HEADERS = 64;

/** What the short fields of an item take, about. */
const ITEM_BYTES = 600;

/** Creates the store of rejections; `timeoutMs` is the connection's operation timeout by default. */
export function createRejections(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): Rejections {
  const collection = toCollection(connection, 'rejections');

  async function insertMany(rejections: readonly Rejection[]): Promise<void> {
    if (rejections.length === 0) return;
    await within(timeoutMs, (signal) =>
      collection.insertMany(rejections.map(toDocument), toWriteOptions(signal)),
    );
  }

  async function countByCode(): Promise<ReadonlyMap<string, number>> {
    const found = await within(timeoutMs, (signal) =>
      collection
        .aggregate<{ _id: string; n: number }>(
          [{ $sort: { code: 1 } }, { $group: { _id: '$code', n: { $sum: 1 } } }],
          {
            signal,
            maxTimeMS: timeoutMs,
          },
        )
        .toArray(),
    );
    return new Map(found.map(({ _id, n }) => [_id, n]));
  }

  async function list(tenant: string, query: RejectionQuery): ReturnType<Rejections['list']> {
    const { limit } = query;
    const { page, hasMore } = await within(timeoutMs, (signal) =>
      takePage(
        collection.find(toFilter(tenant, query), {
          signal,
          maxTimeMS: timeoutMs,
          promoteBuffers: true,
          sort: { _id: -1 },
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
          : toCursor({ at: null, id: last._id.toHexString() }, toScope(tenant, query)),
    };
  }

  return { insertMany, countByCode, list };
}

/** A body is shown as text or as base64; headers are what else can be long. */
function toBytes({ body, path, detail, headers }: RejectionDocument): number {
  const headerBytes = Object.entries(headers).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    0,
  );
  return ITEM_BYTES + Buffer.from(body).length + path.length + detail.length + headerBytes;
}

function toScope(tenant: string, { cause, source }: RejectionQuery): CursorScope {
  return ['rejections', tenant, cause, source];
}

function toFilter(tenant: string, query: RejectionQuery): Filter<RejectionDocument> {
  const { cause, source, cursor } = query;
  return {
    // Who sends without a key, or to a source that is not there, is nobody's; somebody must see it.
    tenant: tenant === DEFAULT_TENANT ? { $in: [tenant, null] } : tenant,
    ...(cause === undefined ? {} : { cause }),
    ...(source === undefined ? {} : { source }),
    ...(cursor === undefined ? {} : { _id: { $lt: parsePlace(cursor, toScope(tenant, query)) } }),
  };
}

function parsePlace(cursor: string, scope: CursorScope): ObjectId {
  const { id } = parseCursor(cursor, scope);
  if (ObjectId.isValid(id)) return new ObjectId(id);
  throw refuseParameter('cursor', 'not a cursor of this list');
}

function toItem(document: RejectionDocument): RejectionItem {
  const { _id, at, headers } = document;
  return {
    id: _id.toHexString(),
    at: at.toISOString(),
    source: document.source,
    code: document.code,
    status: document.status,
    cause: document.cause,
    detail: document.detail,
    requestId: document.requestId,
    method: document.method,
    path: document.path,
    remote: document.remote,
    headers: { ...headers },
    ...toBody(Buffer.from(document.body)),
  };
}

/** A text that was cut within a character is still text: up to three bytes at its end may be missing their rest. */
function toBody(bytes: Buffer): Pick<RejectionItem, 'body' | 'bodyEncoding'> {
  const cuts = bytes.length === MAX_BODY_BYTES ? [0, 1, 2, 3] : [0];
  const cut = cuts.find((count) => isUtf8(bytes.subarray(0, bytes.length - count)));
  if (cut === undefined) return { body: bytes.toString('base64'), bodyEncoding: 'base64' };
  return { body: bytes.toString('utf8', 0, bytes.length - cut), bodyEncoding: 'utf8' };
}

function toDocument(rejection: Rejection): RejectionDocument {
  const { source, cause, detail, path, headers, body } = rejection;
  const kept = Object.entries(headers)
    .slice(0, MAX_HEADERS)
    .map(([name, value]) => [cut(name), cut(value)]);
  return {
    ...rejection,
    _id: new ObjectId(),
    source: source === null ? null : cut(source),
    cause: cut(cause),
    detail: cut(detail),
    path: cut(path),
    headers: toStorable(Object.fromEntries(kept)),
    body: body.subarray(0, MAX_BODY_BYTES),
  };
}

function cut(text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH);
}
