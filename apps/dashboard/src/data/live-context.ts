import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import type { LiveNews } from './live-channel.ts';
import type { LiveState, LiveStore } from './live-store.ts';

/** The page's live store; every page under the shell has one. */
export const LiveContext = createContext<LiveStore | null>(null);

function useLiveStore(): LiveStore {
  const store = useContext(LiveContext);
  if (store === null) throw new Error('There is no live store above this component.');
  return store;
}

/** Returns how the connection is, and renders again when that changes. */
export function useLiveState(): LiveState {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, store.read);
}

/** Hears every piece of news while the component is shown. */
export function useLiveNews(onNews: (news: LiveNews) => void): void {
  const store = useLiveStore();
  const latest = useRef(onNews);
  latest.current = onNews;
  useEffect(() => store.listen((news) => latest.current(news)), [store]);
}
