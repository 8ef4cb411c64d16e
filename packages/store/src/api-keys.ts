import { type ApiKey, type ApiKeyQuery, type KeyRecord, keyRecordSchema } from '@sluice/contracts/access';
import type { Filter } from 'mongodb';
import { type ApiKeyDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { parseCursor, toCursor } from './keyset.ts';
import { isDuplicateKey } from './store-error.ts';
import { type InTransaction, untilCommitted } from './transaction.ts';

/** A key that shall be stored. */
export type NewKeyRecord = Omit<KeyRecord, 'kind' | 'parent' | 'revokedAt'> & { readonly createdBy: string };

/** A revoked key, with its sessions: all that must not work any more. */
export type RevokedKey = { readonly key: ApiKey; readonly records: readonly KeyRecord[] };

/** The API keys, and the sessions that stand for them. */
export type ApiKeys = {
  /**
   * Returns a key or a session by its public part; null when there is none.
   *
   * @throws DependencyAwayError
   */
  read(id: string): Promise<KeyRecord | null>;
  /**
   * Lists the keys of a tenant, the newest first, revoked ones included, sessions not.
   *
   * @throws ProblemException ERR_QUERY_INVALID for a bad cursor
   * @throws DependencyAwayError
   */
  list(
    tenant: string,
    query: ApiKeyQuery,
  ): Promise<{ readonly items: ApiKey[]; readonly nextCursor: string | null }>;
  /**
   * Stores a key; `exists` when there is one of this id.
   *
   * @throws DependencyAwayError
   */
  create(record: NewKeyRecord): Promise<ApiKey | 'exists'>;
  /**
   * Stores a session of a key; `revoked` when the key is no longer in force.
   *
   * @throws DependencyAwayError
   */
  createSession(session: NewKeyRecord & { readonly parent: string }): Promise<KeyRecord | 'revoked'>;
  /**
   * Revokes a key of a tenant with all its sessions; a second time changes nothing. A tenant keeps one admin key.
   *
   * @throws DependencyAwayError
   */
  revoke(tenant: string, id: string): Promise<RevokedKey | 'missing' | 'last-admin'>;
  /**
   * Ends a session; null when there is none that is in force.
   *
   * @throws DependencyAwayError
   */
  endSession(id: string): Promise<KeyRecord | null>;
  /**
   * Notes when keys were used; an earlier time than is noted changes nothing.
   *
   * @throws DependencyAwayError
   */
  noteUses(uses: ReadonlyMap<string, Date>): Promise<void>;
  /**
   * Tells whether a tenant has an admin key in force.
   *
   * @throws DependencyAwayError
   */
  hasAdmin(tenant: string): Promise<boolean>;
  /**
   * Lists all keys and sessions that somebody may still present, revoked ones included, at most 10,000.
   *
   * @throws DependencyAwayError
   */
  listForMirror(): Promise<KeyRecord[]>;
};

/** Attempts of a change that others get in the way of, and the longest pause before the second one, in ms. */
const MAX_ATTEMPTS = 12;
const PAUSE_MS = 10;
const MAX_MIRRORED = 10_000;

/** Creates the store of keys; `timeoutMs` is the connection's operation timeout by default. */
export function createApiKeys(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): ApiKeys {
  const collection = toCollection(connection, 'api_keys');
  const majority = { readConcern: { level: 'majority' }, maxTimeMS: timeoutMs } as const;

  async function read(id: string): Promise<KeyRecord | null> {
    const found = await within(timeoutMs, (signal) =>
      collection.findOne({ _id: id }, { signal, ...majority }),
    );
    return found && toRecord(found);
  }

  async function list(tenant: string, { limit, cursor }: ApiKeyQuery): ReturnType<ApiKeys['list']> {
    const place = cursor === undefined ? null : parseCursor(cursor, ['keys', tenant]);
    const after = place === null ? {} : toAfter(new Date(place.at ?? 0), place.id);
    const found = await within(timeoutMs, (signal) =>
      collection
        .find(
          { tenant, kind: 'key', ...after },
          { signal, ...majority, sort: { createdAt: -1, _id: -1 }, limit: limit + 1 },
        )
        .toArray(),
    );
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const hasMore = found.length > limit && last !== undefined;
    return {
      items: page.map(toApiKey),
      nextCursor: hasMore ? toCursor({ at: last.createdAt.getTime(), id: last._id }, ['keys', tenant]) : null,
    };
  }

  async function create(record: NewKeyRecord): Promise<ApiKey | 'exists'> {
    const document = toDocument({ ...record, kind: 'key', parent: null });
    return within(timeoutMs, async (signal) => {
      try {
        await collection.insertOne(document, toWriteOptions(signal));
        return toApiKey(document);
      } catch (error) {
        if (isDuplicateKey(error)) return 'exists';
        throw error;
      }
    });
  }

  /**
   * The session is stored in a transaction that also writes the key, as revoking does: so a session can never be
   * stored beside the revocation of its key.
   */
  async function createSession(
    session: NewKeyRecord & { readonly parent: string },
  ): Promise<KeyRecord | 'revoked'> {
    const document = toDocument({ ...session, kind: 'session' });
    return inTransaction<KeyRecord | 'revoked'>(async (options) => {
      const parent = { _id: session.parent, kind: 'key', ...inForce() } as const;
      const { matchedCount } = await collection.updateOne(parent, { $inc: { guard: 1 } }, options);
      if (matchedCount === 0) return 'revoked';
      await collection.insertOne(document, options);
      return toRecord(document);
    });
  }

  async function revoke(tenant: string, id: string): ReturnType<ApiKeys['revoke']> {
    return inTransaction<RevokedKey | 'missing' | 'last-admin'>(async (options) => {
      const found = await collection.findOne({ _id: id, tenant, kind: 'key' }, options);
      if (found === null) return 'missing';
      if (found.revokedAt === null && found.role === 'admin' && !(await holdOtherAdmin(found, options))) {
        return 'last-admin';
      }
      const revokedAt = found.revokedAt ?? new Date();
      await collection.updateOne({ _id: id }, { $set: { revokedAt }, $inc: { guard: 1 } }, options);
      await collection.updateMany({ parent: id, revokedAt: null }, { $set: { revokedAt } }, options);
      const sessions = await collection.find({ parent: id }, options).toArray();
      const revoked = { ...found, revokedAt };
      return { key: toApiKey(revoked), records: [revoked, ...sessions].map(toRecord) };
    });
  }

  /** Finds another admin key in force and writes it: of two who revoke each other's, one is told to look again. */
  async function holdOtherAdmin({ _id, tenant }: ApiKeyDocument, options: InTransaction): Promise<boolean> {
    const other = { tenant, kind: 'key', role: 'admin', _id: { $ne: _id }, ...inForce() } as const;
    const { matchedCount } = await collection.updateOne(other, { $inc: { guard: 1 } }, options);
    return matchedCount === 1;
  }

  async function inTransaction<Outcome extends string | object>(
    work: (options: InTransaction) => Promise<Outcome>,
  ): Promise<Outcome> {
    const often = { timeoutMs, attempts: MAX_ATTEMPTS, pauseMs: PAUSE_MS };
    const outcome = await untilCommitted(connection, often, work);
    if (outcome !== null) return outcome;
    throw new Error(`Keys were not changed in ${MAX_ATTEMPTS} attempts: others keep changing them.`);
  }

  async function endSession(id: string): Promise<KeyRecord | null> {
    const found = await within(timeoutMs, (signal) =>
      collection.findOneAndUpdate(
        { _id: id, kind: 'session', revokedAt: null },
        { $set: { revokedAt: new Date() } },
        { returnDocument: 'after', ...toWriteOptions(signal) },
      ),
    );
    return found && toRecord(found);
  }

  async function noteUses(uses: ReadonlyMap<string, Date>): Promise<void> {
    const writes = [...uses].map(([id, usedAt]) => ({
      updateOne: { filter: { _id: id }, update: { $max: { lastUsedAt: toMinute(usedAt) } } },
    }));
    if (writes.length === 0) return;
    await within(timeoutMs, (signal) =>
      collection.bulkWrite(writes, { ordered: false, ...toWriteOptions(signal) }),
    );
  }

  async function hasAdmin(tenant: string): Promise<boolean> {
    const found = await within(timeoutMs, (signal) =>
      collection.findOne(
        { tenant, kind: 'key', role: 'admin', ...inForce() },
        { signal, ...majority, projection: { _id: 1 } },
      ),
    );
    return found !== null;
  }

  async function listForMirror(): Promise<KeyRecord[]> {
    const found = await within(timeoutMs, (signal) =>
      collection
        .find({ $or: notExpired() }, { signal, ...majority, sort: { _id: 1 }, limit: MAX_MIRRORED })
        .toArray(),
    );
    return found.map(toRecord);
  }

  return { read, list, create, createSession, revoke, endSession, noteUses, hasAdmin, listForMirror };
}

function inForce() {
  return { revokedAt: null, $or: notExpired() };
}

function notExpired() {
  return [{ expiresAt: null }, { expiresAt: { $gt: new Date() } }];
}

function toAfter(createdAt: Date, id: string): Filter<ApiKeyDocument> {
  return { $or: [{ createdAt: { $lt: createdAt } }, { createdAt, _id: { $lt: id } }] };
}

function toMinute(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 60_000) * 60_000);
}

function toDocument({ id, ...fields }: NewKeyRecord & Pick<KeyRecord, 'kind' | 'parent'>): ApiKeyDocument {
  const sources = fields.sources === null ? null : [...fields.sources];
  return { _id: id, ...fields, sources, createdAt: new Date(), revokedAt: null, lastUsedAt: null };
}

function toRecord({ _id, ...document }: ApiKeyDocument): KeyRecord {
  return keyRecordSchema.parse({ id: _id, ...document });
}

function toApiKey(document: ApiKeyDocument): ApiKey {
  const { _id, name, role, sources, createdAt, createdBy, expiresAt, revokedAt, lastUsedAt } = document;
  return {
    ...{ id: _id, name, role, sources: sources && [...sources], createdBy },
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
