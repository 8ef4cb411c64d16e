import { isDeepStrictEqual } from 'node:util';
import { type Source, sourceSchema } from '@sluice/contracts/source';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';

/** The declared sources. */
export type SourceStore = {
  /**
   * Makes the sources of the file the ones that the file owns: new and changed ones are written, those that it no
   * longer names are deactivated. Any number of processes may apply the same file at once.
   *
   * @throws DependencyAwayError when MongoDB is away; any part may be applied
   */
  applyFile(sources: readonly Source[]): Promise<void>;
  /**
   * Lists the active sources, by id.
   *
   * @throws DependencyAwayError
   */
  list(): Promise<readonly Source[]>;
  /**
   * Returns an active source, or null.
   *
   * @throws DependencyAwayError
   */
  get(id: string): Promise<Source | null>;
};

/** Creates the store of sources; `timeoutMs` is the connection's operation timeout by default. */
export function createSourceStore(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): SourceStore {
  const collection = toCollection(connection, 'sources');

  async function applyFile(sources: readonly Source[]): Promise<void> {
    await within(timeoutMs, async (signal) => {
      const stored = await collection.find({}, { signal, maxTimeMS: timeoutMs }).toArray();
      const known = new Map(stored.map((document) => [document._id, document]));
      const updatedAt = new Date();
      const changed = sources.filter((source) => {
        const document = known.get(source.id);
        return (
          document?.owner !== 'file' ||
          !document.active ||
          !isDeepStrictEqual(parseSource(document.source), source)
        );
      });
      const named = new Set(sources.map(({ id }) => id));
      const gone = stored.filter(({ _id, owner, active }) => owner === 'file' && active && !named.has(_id));
      const writes = [
        ...changed.map((source) => ({
          replaceOne: {
            filter: { _id: source.id },
            replacement: { tenant: source.tenant, owner: 'file' as const, active: true, source, updatedAt },
            upsert: true,
          },
        })),
        ...gone.map(({ _id }) => ({
          updateOne: {
            filter: { _id, owner: 'file' as const },
            update: { $set: { active: false, updatedAt } },
          },
        })),
      ];
      if (writes.length > 0)
        await collection.bulkWrite(writes, { ordered: false, ...toWriteOptions(signal) });
    });
  }

  async function list(): Promise<readonly Source[]> {
    const found = await within(timeoutMs, (signal) =>
      collection.find({ active: true }, { signal, maxTimeMS: timeoutMs, sort: { _id: 1 } }).toArray(),
    );
    return found.map(({ source }) => sourceSchema.parse(source));
  }

  async function get(id: string): Promise<Source | null> {
    const found = await within(timeoutMs, (signal) =>
      collection.findOne({ _id: id, active: true }, { signal, maxTimeMS: timeoutMs }),
    );
    return found === null ? null : sourceSchema.parse(found.source);
  }

  return { applyFile, list, get };
}

/** Reads a stored source as it is now understood; undefined when an older form no longer is. */
function parseSource(source: unknown): Source | undefined {
  return sourceSchema.safeParse(source).data;
}
