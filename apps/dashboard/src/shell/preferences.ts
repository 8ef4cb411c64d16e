import { useCallback, useSyncExternalStore } from 'react';

const PREFIX = 'sluice-';
const watchers = new Set<() => void>();

/** What a person can set for all pages; the first of each is what it is before that. */
const SETTINGS = {
  zone: ['utc', 'local'],
  density: ['compact', 'comfortable'],
  keys: ['on', 'off'],
  announcements: ['on', 'off'],
} as const;

type Setting = keyof typeof SETTINGS;

/** Keeps what is set for all pages in this browser, for all its tabs. */
export function useSetting<Name extends Setting>(
  name: Name,
): [(typeof SETTINGS)[Name][number], (choice: (typeof SETTINGS)[Name][number]) => void] {
  const choices: readonly (typeof SETTINGS)[Name][number][] = SETTINGS[name];
  return usePreference(name, choices, SETTINGS[name][0]);
}

/** Keeps a choice in this browser; the first time, or where storage is switched off, it is `fallback`. */
export function usePreference<Choice extends string>(
  name: string,
  choices: readonly Choice[],
  fallback: Choice,
): [Choice, (choice: Choice) => void] {
  const [kept, keep] = useStoredText(name);
  return [choices.find((choice) => choice === kept) ?? fallback, keep];
}

/** Keeps a text in this browser, for all its tabs; null where there is none, or storage is switched off. */
export function useStoredText(name: string): [string | null, (text: string | null) => void] {
  const key = PREFIX + name;
  const text = useSyncExternalStore(subscribe, () => readStored(key));
  const keep = useCallback(
    (next: string | null) => {
      try {
        if (next === null) localStorage.removeItem(key);
        else localStorage.setItem(key, next);
      } catch {
        // Storage is switched off: the choice lasts as long as nothing asks again.
      }
      for (const watcher of watchers) watcher();
    },
    [key],
  );
  return [text, keep];
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
