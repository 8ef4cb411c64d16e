import { followLive, type LiveNews } from './live-channel.ts';

/** How the page hears of what happens: `stale` when it has not for more than 45 s. */
export type Connection = 'connecting' | 'live' | 'delayed' | 'stale';

/** What is known of the connection; `lastHeardAt` in epoch ms, null before the first sign. */
export type LiveState = {
  readonly connection: Connection;
  readonly lastHeardAt: number | null;
  /** How often the server said that something was missed. */
  readonly resets: number;
};

const DELAYED_MS = 15_000;
const STALE_MS = 45_000;

export type LiveStore = {
  read(): LiveState;
  /** Calls back whenever the state changes; returns how to stop. */
  subscribe(listener: () => void): () => void;
  /** Calls back with each piece of news; returns how to stop. */
  listen(listener: (news: LiveNews) => void): () => void;
  close(): void;
};

/** Creates the one store of what comes live; it follows the stream until it is closed. */
export function createLiveStore(now: () => number = Date.now): LiveStore {
  const closing = new AbortController();
  const watchers = new Set<() => void>();
  const listeners = new Set<(news: LiveNews) => void>();
  const startedAt = now();
  let state: LiveState = { connection: 'connecting', lastHeardAt: null, resets: 0 };

  function update(change: Partial<LiveState>): void {
    const next = { ...state, ...change };
    if (
      next.connection === state.connection &&
      next.lastHeardAt === state.lastHeardAt &&
      next.resets === state.resets
    )
      return;
    state = next;
    for (const watcher of watchers) watcher();
  }

  function look(): void {
    const silentMs = now() - (state.lastHeardAt ?? startedAt);
    const never = state.lastHeardAt === null;
    if (silentMs > STALE_MS) update({ connection: 'stale' });
    else if (silentMs > DELAYED_MS) update({ connection: 'delayed' });
    else update({ connection: never ? 'connecting' : 'live' });
  }

  followLive((news) => {
    if (news.kind === 'lost') look();
    else if (news.kind === 'reset') {
      update({ connection: 'live', lastHeardAt: news.at, resets: state.resets + 1 });
    } else update({ connection: 'live', lastHeardAt: news.at });
    for (const listener of listeners) listener(news);
  }, closing.signal);
  const timer = setInterval(look, 1000);

  return {
    read: () => state,
    subscribe(listener) {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      clearInterval(timer);
      closing.abort();
    },
  };
}
