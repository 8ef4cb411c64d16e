/*
 * The sources that send to us, kept up to date.
 *
 *  1. Those of the file are known from the start, whatever MongoDB does, and go before others of the same id.
 *  2. Those that the api made are read from MongoDB, again every second and a half. A source that did not change is kept
 *     as it is, with what its rate limit has counted.
 *  3. What was read is copied to the mirror in Redis, secrets sealed, and confirmed there every ten seconds. Where the
 *     mirror holds another version MongoDB is read once more before that is written over: a process that is behind
 *     never undoes what another one copied.
 *  4. A process that starts while MongoDB is away takes what the mirror holds, and follows it until MongoDB answers for
 *     the first time. From then on it goes by MongoDB alone: while that is away the last known ones stand.
 *  5. Before either has answered nobody can say that a source does not exist: the table is not complete, and what
 *     comes of a source that is not in it has to come again.
 */
import type { Source } from '@sluice/contracts/source';
import type { SourceMirror } from '@sluice/queue/source-mirror';
import type { Logger } from '@sluice/runtime/logger';
import type { SecretBox } from '@sluice/sources/secret-box';
import type { SourceList, SourceStore } from '@sluice/store/sources-store';
import { createKnownSources } from './known-sources.ts';
import type { SourceEnvironment, SourceRegistry } from './source-registry.ts';
import { parseContent, toContent, toSnapshot } from './source-snapshot.ts';

export type LiveSources = {
  readonly sources: SourceRegistry;
  /** Resolves when it was tried once to read them. */
  readonly firstTry: Promise<void>;
  /** Returns the time in ms since MongoDB was known to say what is known here; NaN while nothing is. */
  readAgeMs(): number;
  /** Resolves when the reading under way has ended. */
  stop(): Promise<void>;
};

export type LiveSourcesOptions = {
  /** The sources of the file. */
  readonly declared: readonly Source[];
  readonly store: Pick<SourceStore, 'list' | 'changedSince'>;
  readonly mirror: Pick<SourceMirror, 'readHead' | 'read' | 'replace' | 'confirm'>;
  readonly box: SecretBox;
  readonly environment: SourceEnvironment;
  readonly logger: Logger;
  /** How often they are read, in ms; 1,500 by default. */
  readonly readEveryMs?: number;
  /** Milliseconds of a clock that nobody sets; `performance.now` by default. */
  readonly elapsed?: () => number;
};

/** How often the mirror is told that its copy is still right, and how long it is left alone when it failed, in ms. */
const CONFIRM_EVERY_MS = 10_000;

/**
 * Starts to follow the declared sources.
 *
 * @throws SecretMissingError when a variable that shall hold a secret of the file's sources is unset
 */
export function startLiveSources(options: LiveSourcesOptions): LiveSources {
  const { declared, store, mirror, box, environment, logger, readEveryMs = 1500 } = options;
  const { elapsed = () => performance.now() } = options;
  const known = createKnownSources({ declared, box, environment, logger });
  const { now } = environment;
  /** What MongoDB said last, and when. */
  let version: string | undefined;
  let readAtMs = Number.NaN;
  /** What the mirror said last, as long as MongoDB was never read. */
  let followed: string | undefined;
  let copied: string | undefined;
  let copyAgainAtMs = Number.NEGATIVE_INFINITY;
  let isAway = false;
  let isMirrorAway = false;
  let reading: Promise<void> | undefined;

  async function readAgain(): Promise<void> {
    try {
      const list = version === undefined ? await store.list() : await store.changedSince(version);
      if (list !== null) take(list);
      readAtMs = now();
    } catch (err) {
      if (!isAway) logger.warn({ err }, 'sources.not-read');
      isAway = true;
      if (version === undefined) await follow();
      return;
    }
    if (isAway) logger.info({ version }, 'sources.read-again');
    isAway = false;
    await copy();
  }

  function take(list: SourceList): void {
    known.apply(toSnapshot(list));
    version = list.version;
  }

  async function follow(): Promise<void> {
    try {
      if (followed !== undefined) {
        const head = await mirror.readHead();
        if (head?.version === followed) readAtMs = head.readAt.getTime();
        if (head === null || head.version === followed) return;
      }
      const found = await mirror.read();
      isMirrorAway = false;
      if (found === null) return;
      const snapshot = parseContent(found.content);
      known.apply(snapshot);
      followed = found.version;
      readAtMs = found.readAt.getTime();
      const { version, readAt } = found;
      logger.warn({ version, readAt, sources: snapshot.push.length }, 'sources.read-from-mirror');
    } catch (err) {
      if (!isMirrorAway) logger.warn({ err }, 'sources.mirror-not-read');
      isMirrorAway = true;
    }
  }

  async function copy(): Promise<void> {
    const hasChanged = copied !== undefined && copied !== version;
    if (version === undefined || !(hasChanged || elapsed() >= copyAgainAtMs)) return;
    try {
      const head = await mirror.readHead();
      if (head?.version === version) {
        await mirror.confirm({ version, readAt: new Date(readAtMs) });
      } else {
        const readAt = new Date(now());
        const list = await store.list();
        take(list);
        const next = { version: list.version, readAt, content: toContent(toSnapshot(list)) };
        // Refused: another process was quicker. The next reading tells whether it copied the same.
        if (!(await mirror.replace(next, head?.version ?? null))) return;
      }
      copied = version;
      isMirrorAway = false;
    } catch (err) {
      // A change waits as long: without a copy nothing fails but a start while MongoDB is away.
      copied = undefined;
      if (!isMirrorAway) logger.warn({ err }, 'sources.not-copied');
      isMirrorAway = true;
    }
    copyAgainAtMs = elapsed() + CONFIRM_EVERY_MS;
  }

  function read(): Promise<void> {
    reading ??= readAgain().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  const timer = setInterval(() => void read(), readEveryMs);
  const firstTry = read();

  return {
    sources: known.sources,
    firstTry,
    readAgeMs: () => now() - readAtMs,
    async stop() {
      clearInterval(timer);
      await reading;
    },
  };
}
