import { useCallback, useSyncExternalStore } from 'react';

const PREFIX = 'sluice-';
const watchers = new Set<() => void>();

/** Keeps a choice in this browser; the first time, or where storage is switched off, it is `fallback`. */
export function usePreference<Choice extends string>(
  name: string,
  choices: readonly Choice[],
  fallback: Choice,
): [Choice, (choice: Choice) => void] {
  const read = () => {
    const kept = readStored(PREFIX + name);
    return choices.find((choice) => choice === kept) ?? fallback;
  };
  const choice = useSyncExternalStore(subscribe, read);
  const choose = useCallback(
    (next: Choice) => {
      try {
        localStorage.setItem(PREFIX + name, next);
      } catch {
        // Storage is switched off: the choice lasts as long as nothing asks again.
      }
      for (const watcher of watchers) watcher();
    },
    [name],
  );
  return [choice, choose];
}

function subscribe(watcher: () => void): () => void {
  watchers.add(watcher);
  window.addEventListener('storage', watcher);
  return () => {
    watchers.delete(watcher);
    window.removeEventListener('storage', watcher);
  };
}

function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
