import { useSyncExternalStore } from 'react';

const TICK_MS = 1000;

/** One clock for all that counts on by itself; it stands still while nobody looks, or nothing counts. */
const watchers = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** Returns the time in epoch ms, and renders again each second while the page is visible. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  if (watchers.size === 1) {
    now = Date.now();
    document.addEventListener('visibilitychange', look);
    look();
  }
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    document.removeEventListener('visibilitychange', look);
    clearInterval(timer);
  };
}

function look(): void {
  clearInterval(timer);
  if (document.visibilityState === 'hidden') return;
  timer = setInterval(tick, TICK_MS);
  tick();
}

function tick(): void {
  now = Date.now();
  for (const watcher of watchers) watcher();
}
