/*
 * The sources that send to us, kept up to date.
 *
 *  1. Those of the file are known from the start, whatever MongoDB does, and go before others of the same id.
 *  2. Those that the api made are read from MongoDB, again every second and a half. A source that did not change is kept
 *     as it is, with what its rate limit has counted.
 *  3. While MongoDB is away the last known ones stand. Before it was ever asked nobody can say that a source does not
 *     exist: the table is not complete.
 */
import type { Source } from '@sluice/contracts/source';
import type { Logger } from '@sluice/runtime/logger';
import type { SecretBox } from '@sluice/sources/secret-box';
import { openSource } from '@sluice/sources/source-sealer';
import type { SourceList, SourceRecord, SourceStore } from '@sluice/store/sources-store';
import {
  createSourceTable,
  type KnownSource,
  type SourceEnvironment,
  type SourceRegistry,
  toKnownSource,
} from './source-registry.ts';

export type LiveSources = {
  readonly sources: SourceRegistry;
  /** Resolves when the reading under way has ended. */
  stop(): Promise<void>;
};

const READ_EVERY_MS = 1500;

/**
 * Starts to follow the declared sources.
 *
 * @throws SecretMissingError when a variable that shall hold a secret of the file's sources is unset
 */
export function startLiveSources({
  declared,
  store,
  box,
  environment,
  logger,
  readEveryMs = READ_EVERY_MS,
}: {
  /** The sources of the file. */
  readonly declared: readonly Source[];
  readonly store: Pick<SourceStore, 'list' | 'changedSince'>;
  readonly box: SecretBox;
  readonly environment: SourceEnvironment;
  readonly logger: Logger;
  readonly readEveryMs?: number;
}): LiveSources {
  const ofFile = declared.flatMap((source) =>
    source.kind === 'push' ? [toKnownSource(source, environment)] : [],
  );
  const polledByFile = declared.filter(({ kind }) => kind === 'poll').map(({ id }) => id);
  const named = new Set(declared.map(({ id }) => id));
  let made = new Map<string, { readonly revision: number; readonly known: KnownSource }>();
  let version: string | undefined;
  let table = createSourceTable(ofFile, polledByFile, false);
  let reading: Promise<void> | undefined;
  let failing = false;

  function apply(list: SourceList): void {
    // A source that the file no longer names, or not yet in this process, is told by the scheduler that applied it.
    const others = list.sources.filter(({ id }) => !named.has(id));
    const next: typeof made = new Map();
    for (const record of others) {
      const before = made.get(record.id);
      const known = before?.revision === record.revision ? before.known : open(record);
      if (known !== undefined) next.set(record.id, { revision: record.revision, known });
    }
    for (const source of list.unreadable) logger.error({ source }, 'source.unreadable');
    made = next;
    const polled = others.filter(({ source }) => source.kind === 'poll').map(({ id }) => id);
    const known = [...ofFile, ...[...made.values()].map((entry) => entry.known)];
    table = createSourceTable(known, [...polledByFile, ...polled], true);
    version = list.version;
  }

  function open({ id, source }: SourceRecord): KnownSource | undefined {
    if (source.kind !== 'push') return undefined;
    try {
      const opened = openSource(source, box);
      return opened.kind === 'push' ? toKnownSource(opened, environment) : undefined;
    } catch (err) {
      // One source without its secret must not keep the others from sending.
      logger.error({ err, source: id }, 'source.secrets-unreadable');
      return undefined;
    }
  }

  async function readAgain(): Promise<void> {
    try {
      const list = version === undefined ? await store.list() : await store.changedSince(version);
      if (list !== null) apply(list);
      failing = false;
    } catch (err) {
      if (!failing) logger.warn({ err }, 'sources.not-read');
      failing = true;
    }
  }

  function read(): void {
    reading ??= readAgain().finally(() => {
      reading = undefined;
    });
  }

  const timer = setInterval(read, readEveryMs);
  read();

  return {
    sources: {
      find: (id) => table.find(id),
      findByCeSource: (ceSource) => table.findByCeSource(ceSource),
      hasForeignKeys: (id) => table.hasForeignKeys(id),
      get isComplete() {
        return table.isComplete;
      },
      get credentialHeaders() {
        return table.credentialHeaders;
      },
      get signatureHeaders() {
        return table.signatureHeaders;
      },
    },
    async stop() {
      clearInterval(timer);
      await reading;
    },
  };
}
