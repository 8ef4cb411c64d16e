import { followLive } from './live-channel.ts';
import { type LiveNews, SILENT_MS } from './live-stream.ts';

/**
 * How the page hears of what happens: `delayed` when it has not for 15 s, `stale` when it has not for 45 s or the stream
 * could not be opened again at once.
 */
export type Connection = 'connecting' | 'live' | 'delayed' | 'reconnecting' | 'stale';

/** What is known of the connection; times in epoch ms. */
export type LiveState = {
  readonly connection: Connection;
  /** While there is no stream: how often it failed, and when it is asked for again. */
  readonly retry: { readonly failures: number; readonly at: number } | null;
  /** The last time that what is shown had to be loaded again, and since when it was not kept up. */
  readonly resync: { readonly at: number; readonly since: number | null } | null;
  /** When a person stopped the page; null while it goes on. */
  readonly pausedAt: number | null;
};

const DELAYED_MS = 15_000;
const STALE_MS = SILENT_MS;

export type LiveStore = {
  read(): LiveState;
  /** Returns when the last sign came, in epoch ms; null before the first. No part of the state, which would change with each event. */
  heardAt(): number | null;
  /** Calls back whenever the state changes; returns how to stop. */
  subscribe(listener: () => void): () => void;
  /** Calls back with each piece of news; returns how to stop. */
  listen(listener: (news: LiveNews) => void): () => void;
  /** Stops the page, or lets it go on. */
  togglePause(): void;
  close(): void;
};

/** Creates the one store of what comes live; it follows the stream until it is closed. */
export function createLiveStore(follow: typeof followLive = followLive): LiveStore {
  const closing = new AbortController();
  const watchers = new Set<() => void>();
  const listeners = new Set<(news: LiveNews) => void>();
  const startedAt = Date.now();
  let heardAt: number | null = null;
  let state: LiveState = {
    connection: 'connecting',
    retry: null,
    resync: null,
    pausedAt: null,
  };

  function update(change: Partial<LiveState>): void {
    const next = { ...state, ...change };
    if (
      Object.keys(change).every((name) =>
        Object.is(next[name as keyof LiveState], state[name as keyof LiveState]),
      )
    )
      return;
    state = next;
    for (const watcher of watchers) watcher();
  }

  function look(): void {
    update({ connection: toConnection(state.retry, heardAt, startedAt) });
  }

  function take(news: LiveNews): void {
    if (news.kind === 'lost') {
      update({ retry: { failures: news.failures, at: news.retryAt } });
      look();
    } else {
      const { kind, at } = news;
      heardAt = at;
      update({
        connection: 'live',
        retry: null,
        ...(kind === 'resync' ? { resync: { at, since: news.since } } : {}),
      });
    }
    for (const listener of listeners) listener(news);
  }

  follow(take, closing.signal);
  const timer = setInterval(look, 1000);

  return {
    read: () => state,
    heardAt: () => heardAt,
    subscribe(listener) {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    togglePause() {
      update({ pausedAt: state.pausedAt === null ? Date.now() : null });
    },
    close() {
      clearInterval(timer);
      closing.abort();
    },
  };
}

function toConnection(retry: LiveState['retry'], heardAt: number | null, startedAt: number): Connection {
  const silentMs = Date.now() - (heardAt ?? startedAt);
  if (silentMs > STALE_MS || (retry !== null && retry.failures > 1)) return 'stale';
  if (retry !== null) return 'reconnecting';
  if (silentMs > DELAYED_MS) return 'delayed';
  return heardAt === null ? 'connecting' : 'live';
}
