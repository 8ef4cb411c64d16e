import { isDeepStrictEqual } from 'node:util';
import { type Source, type StoredSource, storedSourceSchema } from '@sluice/contracts/source';
import type { AnyBulkWriteOperation, Filter, UpdateFilter } from 'mongodb';
import { type SourceDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { isDuplicateKey, toWriteFailures } from './store-error.ts';

/** A stored source; `revision` rises by one with every change but that of `paused`. */
export type SourceRecord = {
  readonly id: string;
  readonly tenant: string;
  readonly owner: 'file' | 'api';
  readonly active: boolean;
  readonly paused: boolean;
  readonly revision: number;
  readonly source: StoredSource;
  readonly updatedAt: Date;
  /** Since when its schedule counts: when it was changed or resumed last. */
  readonly dueSince: Date;
};

/** What can be told of a source that cannot be read; `ceSource` is null where none is seen. */
export type UnreadableSource = Pick<SourceRecord, 'id' | 'tenant'> & { readonly ceSource: string | null };

/** The active sources at one time. */
export type SourceList = {
  /** To be given to `changedSince`. */
  readonly version: string;
  readonly sources: readonly SourceRecord[];
  /** Those that another version wrote in a form that this one does not know. */
  readonly unreadable: readonly UnreadableSource[];
  /** The headers, in lower case, in which any source, active or not, sends a credential or ever did. */
  readonly credentialHeaders: readonly string[];
};

/** Turns the sources of the file into their stored form, without showing this package a key. */
export type SourceSealer = {
  /** Returns the stored form of a source, its secrets encrypted. */
  seal(source: Source): StoredSource;
  /** Tells whether a stored source says the same as one of the file, secrets included. */
  isSame(stored: StoredSource, source: Source): boolean;
};

/** Why a change was not made: there is no such source, the file owns it, or it has another revision by now. */
export type ChangeRefused = 'missing' | 'file' | 'stale';

/** The declared sources. */
export type SourceStore = {
  /**
   * Makes the sources of the file the ones that the file owns: new and changed ones are written, those that it no
   * longer names are deactivated. Any number of processes may apply the same file at once.
   *
   * @throws DependencyAwayError when MongoDB is away; any part may be applied
   */
  applyFile(sources: readonly Source[], sealer: SourceSealer): Promise<void>;
  /**
   * Lists the active sources by id, of all tenants.
   *
   * @throws DependencyAwayError
   */
  list(): Promise<SourceList>;
  /**
   * Lists active sources of a tenant by id, from after `after` on.
   *
   * @throws DependencyAwayError
   */
  page(
    tenant: string,
    page: {
      readonly after?: string | undefined;
      readonly limit: number;
      /** Only those of one kind. */
      readonly kind?: StoredSource['kind'];
    },
  ): Promise<readonly SourceRecord[]>;
  /**
   * Returns null while nothing has changed since that version, else `list()`. Cheap enough to be asked every second
   * or two: one aggregation over the small collection. Pausing is no change.
   *
   * @throws DependencyAwayError
   */
  changedSince(version: string): Promise<SourceList | null>;
  /**
   * Returns a source, active or not; null when there is none, or none that can be read.
   *
   * @throws DependencyAwayError
   */
  get(id: string): Promise<SourceRecord | null>;
  /**
   * Adds a source that the api owns. One that was deactivated begins anew, not paused.
   *
   * @throws DependencyAwayError
   */
  create(source: StoredSource): Promise<SourceRecord | 'exists'>;
  /**
   * Replaces an active source that the api owns, if it still has that revision.
   *
   * @throws DependencyAwayError
   */
  replace(source: StoredSource, revision: number): Promise<SourceRecord | ChangeRefused>;
  /**
   * Deactivates a source that the api owns, if it still has that revision.
   *
   * @throws DependencyAwayError
   */
  deactivate(id: string, revision: number): Promise<SourceRecord | ChangeRefused>;
  /**
   * Pauses an active source, whoever owns it, or lets it go on; null when there is none.
   *
   * @throws DependencyAwayError
   */
  setPaused(id: string, paused: boolean): Promise<SourceRecord | null>;
  /**
   * Returns the ids of the active sources that are paused.
   *
   * @throws DependencyAwayError
   */
  listPaused(): Promise<string[]>;
};

/** Rounds of applying a file while other processes apply theirs. */
const MAX_ROUNDS = 20;

/** Creates the store of sources; `timeoutMs` is the connection's operation timeout by default. */
export function createSourceStore(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): SourceStore {
  const collection = toCollection(connection, 'sources');
  const majority = { readConcern: { level: 'majority' }, maxTimeMS: timeoutMs } as const;

  async function applyFile(sources: readonly Source[], sealer: SourceSealer): Promise<void> {
    await within(timeoutMs, async (signal) => {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const stored = await collection.find({}, { signal, maxTimeMS: timeoutMs }).toArray();
        const writes = toWrites(sources, stored, sealer);
        if (writes.length === 0) return;
        // Whatever another process changed meanwhile matches no longer, and is looked at again.
        await collection
          .bulkWrite(writes, { ordered: false, ...toWriteOptions(signal) })
          .catch((error: unknown) => {
            if (toWriteFailures(error)?.every(({ isDuplicate }) => isDuplicate) !== true) throw error;
          });
      }
      throw new Error(`The sources file was not applied in ${MAX_ROUNDS} rounds: others keep changing it.`);
    });
  }

  function readVersion(): Promise<string> {
    return within(timeoutMs, async (signal) => {
      const [sums] = await collection
        .aggregate<{ count: number; revisions: number; newest: Date }>(
          [
            {
              $group: {
                _id: null,
                count: { $sum: 1 },
                revisions: { $sum: '$revision' },
                newest: { $max: '$updatedAt' },
              },
            },
          ],
          { signal, ...majority },
        )
        .toArray();
      // Documents are never removed and revisions only rise, so the sum differs after every change.
      return sums === undefined ? '0' : `${sums.count}-${sums.revisions}-${sums.newest.getTime()}`;
    });
  }

  async function list(): Promise<SourceList> {
    // Read first: a change in between is in the list already, and is found once more.
    const version = await readVersion();
    const found = await within(timeoutMs, (signal) =>
      collection.find({ active: true }, { signal, ...majority, sort: { _id: 1 } }).toArray(),
    );
    const records = found.map(toRecord);
    return {
      version,
      credentialHeaders: await listCredentialHeaders(),
      sources: records.filter((record) => record !== null),
      unreadable: found.filter((_document, index) => records[index] === null).map(toUnreadable),
    };
  }

  async function listCredentialHeaders(): Promise<string[]> {
    const [noted, declared] = await within(timeoutMs, () =>
      Promise.all([
        collection.distinct('credentialHeaders', {}, majority),
        // What an older version wrote is noted nowhere else.
        collection.distinct('source.scheme.header', { 'source.scheme.type': 'api-key' }, majority),
      ]),
    );
    return [...new Set([...noted, ...declared].filter((header) => typeof header === 'string'))];
  }

  async function changedSince(version: string): Promise<SourceList | null> {
    return (await readVersion()) === version ? null : list();
  }

  async function page(
    tenant: string,
    {
      after = '',
      limit,
      kind,
    }: {
      readonly after?: string | undefined;
      readonly limit: number;
      readonly kind?: StoredSource['kind'];
    },
  ): Promise<readonly SourceRecord[]> {
    return within(timeoutMs, async (signal) => {
      const filter = (last: string) => ({
        ...{ tenant, active: true, _id: { $gt: last } },
        ...(kind === undefined ? {} : { 'source.kind': kind }),
      });
      const records: SourceRecord[] = [];
      let last = after;
      // Those that cannot be read are left out, and must not make a page look like the last one.
      for (;;) {
        const asked = limit - records.length;
        const options = { signal, ...majority, sort: { _id: 1 }, limit: asked } as const;
        const found = await collection.find(filter(last), options).toArray();
        records.push(...found.map(toRecord).filter((record) => record !== null));
        last = found.at(-1)?._id ?? last;
        if (found.length < asked || records.length === limit) return records;
      }
    });
  }

  async function get(id: string): Promise<SourceRecord | null> {
    const found = await within(timeoutMs, (signal) =>
      collection.findOne({ _id: id }, { signal, ...majority }),
    );
    return found === null ? null : toRecord(found);
  }

  async function create(source: StoredSource): Promise<SourceRecord | 'exists'> {
    return within(timeoutMs, async (signal) => {
      try {
        const created = await collection.findOneAndUpdate(
          // Of another tenant it stays: its mappings and its history are not this one's.
          { _id: source.id, active: false, tenant: source.tenant },
          {
            $set: { tenant: source.tenant, owner: 'api', active: true, source, updatedAt: new Date() },
            ...toNoted(source),
            $unset: { paused: true, resumedAt: true },
            $inc: { revision: 1 },
          },
          { upsert: true, returnDocument: 'after', ...toWriteOptions(signal) },
        );
        return (created && toRecord(created)) ?? 'exists';
      } catch (error) {
        if (isDuplicateKey(error)) return 'exists';
        throw error;
      }
    });
  }

  async function change(
    id: string,
    revision: number,
    set: Partial<SourceDocument>,
  ): Promise<SourceRecord | ChangeRefused> {
    return within(timeoutMs, async (signal) => {
      const changed = await collection.findOneAndUpdate(
        { _id: id, owner: 'api', active: true, revision },
        {
          $set: { ...set, updatedAt: new Date() },
          ...(set.source === undefined ? {} : toNoted(set.source)),
          $inc: { revision: 1 },
        },
        { returnDocument: 'after', ...toWriteOptions(signal) },
      );
      if (changed !== null) return toRecord(changed) ?? 'stale';
      const found = await collection.findOne({ _id: id, active: true }, { signal, ...majority });
      if (found === null) return 'missing';
      return found.owner === 'file' ? 'file' : 'stale';
    });
  }

  async function setPaused(id: string, paused: boolean): Promise<SourceRecord | null> {
    const wasPaused = { $and: ['$paused', !paused] };
    const changed = await within(timeoutMs, (signal) =>
      collection.findOneAndUpdate(
        { _id: id, active: true },
        // One that was not paused has been due all the time.
        [{ $set: { paused, resumedAt: { $cond: [wasPaused, new Date(), '$resumedAt'] } } }],
        { returnDocument: 'after', ...toWriteOptions(signal) },
      ),
    );
    return changed && toRecord(changed);
  }

  async function listPaused(): Promise<string[]> {
    const found = await within(timeoutMs, (signal) =>
      collection
        .find(
          { paused: true, active: true },
          { signal, ...majority, projection: { _id: 1 }, sort: { _id: 1 } },
        )
        .toArray(),
    );
    return found.map(({ _id }) => _id);
  }

  return {
    applyFile,
    list,
    page,
    changedSince,
    get,
    create,
    replace: (source, revision) => change(source.id, revision, { source }),
    deactivate: (id, revision) => change(id, revision, { active: false }),
    setPaused,
    listPaused,
  };
}

/** Lists what has to be written so that the file owns its sources, each only if the document is still as it was read. */
function toWrites(
  sources: readonly Source[],
  stored: readonly SourceDocument[],
  sealer: SourceSealer,
): AnyBulkWriteOperation<SourceDocument>[] {
  const known = new Map(stored.map((document) => [document._id, document]));
  const named = new Set(sources.map(({ id }) => id));
  const updatedAt = new Date();
  const writes: AnyBulkWriteOperation<SourceDocument>[] = [];
  for (const source of sources) {
    const document = known.get(source.id);
    if (document !== undefined && isApplied(document, source, sealer)) continue;
    const sealed = sealer.seal(source);
    const set = { tenant: source.tenant, owner: 'file' as const, active: true, source: sealed, updatedAt };
    const credentialHeaders = toCredentialHeaders(sealed);
    const noted = credentialHeaders.length === 0 ? {} : { credentialHeaders };
    const update = { $set: set, ...toNoted(sealed), $inc: { revision: 1 } };
    writes.push(
      document === undefined
        ? { insertOne: { document: { _id: source.id, ...set, ...noted, revision: 1 } } }
        : { updateOne: { filter: toSeen(document), update } },
    );
  }
  for (const document of stored) {
    if (document.owner !== 'file' || !document.active || named.has(document._id)) continue;
    const update = { $set: { active: false, updatedAt }, $inc: { revision: 1 } };
    writes.push({ updateOne: { filter: toSeen(document), update } });
  }
  return writes;
}

/** Notes for good where a source sends its credential: its sender may go on when the source is gone or changed. */
function toNoted(source: StoredSource): UpdateFilter<SourceDocument> {
  const headers = toCredentialHeaders(source);
  return headers.length === 0 ? {} : { $addToSet: { credentialHeaders: { $each: headers } } };
}

function toCredentialHeaders(source: StoredSource): string[] {
  return source.kind === 'push' && source.scheme.type === 'api-key' ? [source.scheme.header] : [];
}

function isApplied(document: SourceDocument, source: Source, sealer: SourceSealer): boolean {
  if (document.owner !== 'file' || !document.active || document.tenant !== source.tenant) return false;
  const parsed = storedSourceSchema.safeParse(document.source).data;
  // What was stored with other defaults is written anew, so that readers need not know them.
  return parsed !== undefined && isDeepStrictEqual(parsed, document.source) && sealer.isSame(parsed, source);
}

function toSeen({ _id, revision }: SourceDocument): Filter<SourceDocument> {
  return revision === undefined ? { _id, revision: { $exists: false } } : { _id, revision };
}

function toUnreadable({ _id, tenant, source }: SourceDocument): UnreadableSource {
  const { ceSource } = Object(source) as { readonly ceSource?: unknown };
  return { id: _id, tenant, ceSource: typeof ceSource === 'string' ? ceSource : null };
}

/** Reads a stored source as it is now understood; null when an older form no longer is. */
function toRecord(document: SourceDocument): SourceRecord | null {
  const { _id, tenant, owner, active, paused = false, resumedAt, revision = 0, updatedAt } = document;
  const parsed = storedSourceSchema.safeParse(document.source);
  if (!parsed.success) return null;
  const dueSince = resumedAt !== undefined && resumedAt > updatedAt ? resumedAt : updatedAt;
  return { id: _id, tenant, owner, active, paused, revision, source: parsed.data, updatedAt, dueSince };
}
