import { createContext, useCallback, useContext, useEffect, useRef, useSyncExternalStore } from 'react';
import type { LiveState, LiveStore } from './live-store.ts';
import type { LiveNews } from './live-stream.ts';

/** The page's live store; every page under the shell has one. */
export const LiveContext = createContext<LiveStore | null>(null);

function useLiveStore(): LiveStore {
  const store = useContext(LiveContext);
  if (store === null) throw new Error('There is no live store above this component.');
  return store;
}

/** Returns how the connection is, and renders again when that changes; a hidden page waits until it is looked at. */
export function useLiveState(): LiveState {
  const store = useLiveStore();
  const subscribe = useCallback(
    (onChange: () => void) => {
      const look = () => {
        if (document.visibilityState === 'visible') onChange();
      };
      const stop = store.subscribe(look);
      document.addEventListener('visibilitychange', look);
      return () => {
        stop();
        document.removeEventListener('visibilitychange', look);
      };
    },
    [store],
  );
  return useSyncExternalStore(subscribe, store.read);
}

/** Returns when the page last heard of the server, in epoch ms or null; it is read anew whenever the component is drawn. */
export function useHeardAt(): number | null {
  return useLiveStore().heardAt();
}

/** Tells whether a person has stopped the page, and how to stop it or let it go on. */
export function usePause(): readonly [isPaused: boolean, toggle: () => void] {
  const store = useLiveStore();
  return [useLiveState().pausedAt !== null, store.togglePause];
}

/** Hears every piece of news while the component is shown. */
export function useLiveNews(onNews: (news: LiveNews) => void): void {
  const store = useLiveStore();
  const latest = useRef(onNews);
  latest.current = onNews;
  useEffect(() => store.listen((news) => latest.current(news)), [store]);
}
