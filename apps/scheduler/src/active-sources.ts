/*
 * The sources that are polled now, as the store holds them: those of the file and those that were made through the
 * api. They are read again every few seconds, and before a poll when what is known is older than a second or does not
 * hold the source, so that a new source is found and a paused one left alone at once. While MongoDB is away the last
 * known ones stand.
 */
import { isDeepStrictEqual } from 'node:util';
import type { PollSource } from '@sluice/contracts/source';
import type { Logger } from '@sluice/runtime/logger';

/** Where polled sources are kept. */
export type PollSourceStore = {
  /** Lists the active sources that are polled. */
  list(): Promise<readonly PollSource[]>;
  /** Lists the ids of those that are paused. */
  listPaused(): Promise<readonly string[]>;
};

export type ActiveSources = {
  /** Returns an active source; undefined when there is none of that id. */
  find(id: string): Promise<PollSource | undefined>;
  /** Tells whether a source that was found is active still, and was not changed since. */
  isActive(source: PollSource): boolean;
  isPaused(id: string): boolean;
  /** Returns the ids of the active sources. */
  ids(): readonly string[];
  /** Ends reading, and every schedule; what is known can still be found. */
  stop(): Promise<void>;
};

/** Told of every change: a changed source stops and starts. */
export type SourceListener = { start(source: PollSource): void; stop(id: string): void };

const READ_EVERY_MS = 5000;

/** What is known may be so old when a poll begins. */
const FRESH_MS = 1000;

/** Starts to read the sources; `listener` is told of each from the first reading on. */
export function startActiveSources({
  store,
  listener,
  logger,
  readEveryMs = READ_EVERY_MS,
}: {
  readonly store: PollSourceStore;
  readonly listener: SourceListener;
  readonly logger: Logger;
  readonly readEveryMs?: number;
}): ActiveSources {
  const active = new Map<string, PollSource>();
  let paused: ReadonlySet<string> = new Set();
  let readMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let stopped = false;

  async function readAgain(): Promise<void> {
    const beganMs = performance.now();
    try {
      const [sources, pausedIds] = await Promise.all([store.list(), store.listPaused()]);
      if (stopped) return;
      paused = new Set(pausedIds);
      apply(sources);
      readMs = beganMs;
    } catch (err) {
      logger.warn({ err }, 'sources.not-read');
    }
  }

  function apply(sources: readonly PollSource[]): void {
    const named = new Map(sources.map((source) => [source.id, source]));
    for (const [id, known] of active) {
      if (isDeepStrictEqual(named.get(id), known)) continue;
      active.delete(id);
      listener.stop(id);
    }
    for (const [id, source] of named) {
      if (active.has(id)) continue;
      active.set(id, source);
      listener.start(source);
    }
  }

  async function read(): Promise<void> {
    if (stopped) return;
    reading ??= readAgain().finally(() => {
      reading = undefined;
    });
    await reading;
  }

  const timer = setInterval(() => void read(), readEveryMs);
  void read();

  return {
    async find(id) {
      if (performance.now() - readMs > FRESH_MS) await read();
      // It may have been added since, or while that was read.
      if (!active.has(id)) await read();
      return active.get(id);
    },
    isActive: (source) => active.get(source.id) === source,
    isPaused: (id) => paused.has(id),
    ids: () => [...active.keys()],
    async stop() {
      stopped = true;
      clearInterval(timer);
      await reading;
      for (const id of active.keys()) listener.stop(id);
    },
  };
}
