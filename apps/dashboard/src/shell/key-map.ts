import { useMemo } from 'react';
import { useSetting, useStoredText } from './preferences.ts';

/** The single keys and what each does, in the order in which they are explained; all can be mapped otherwise. */
export const KEYS = [
  { key: '/', name: 'Go to the filter' },
  { key: 'j', name: 'Next row' },
  { key: 'k', name: 'Previous row' },
  { key: 'x', name: 'Select the row' },
  { key: 'r', name: 'Replay' },
  { key: 'p', name: 'Pause the page, or let it go on' },
  { key: '[', name: 'Previous event' },
  { key: ']', name: 'Next event' },
  { key: 'c', name: 'Copy the id' },
  { key: 'u', name: 'UTC or local time' },
  { key: 'g', name: 'Go to a page: its letter follows' },
  { key: '?', name: 'Show these keys' },
] as const;

/** A key as it is without a map of one's own. */
export type KeyName = (typeof KEYS)[number]['key'];

/** The key that a person presses instead of another. */
export type KeyMap = Readonly<Partial<Record<KeyName, string>>>;

/** Reads a map that was kept; what it does not know it leaves out. */
export function parseKeyMap(text: string | null): KeyMap {
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
  if (typeof kept !== 'object' || kept === null) return {};
  const entries = Object.entries(kept).filter(
    ([key, own]) => KEYS.some((one) => one.key === key) && typeof own === 'string' && isKey(own),
  );
  return Object.fromEntries(entries);
}

/** Tells whether a text can be a key: one character that can be seen. */
export function isKey(text: string): boolean {
  return /^[^\s\p{C}]$/u.test(text);
}

/** Returns what the key `pressed` stands for; undefined when for nothing. */
export function findKey(map: KeyMap, pressed: string): KeyName | undefined {
  return KEYS.find(({ key }) => (map[key] ?? key) === pressed)?.key;
}

/** Returns a map with `own` in place of `key`; null when another key stands there already. */
export function mapKey(map: KeyMap, key: KeyName, own: string): KeyMap | null {
  const taken = findKey(map, own);
  if (taken !== undefined && taken !== key) return null;
  const { [key]: _before, ...rest } = map;
  return own === key ? rest : { ...rest, [key]: own };
}

/** Returns the keys of one's own, and how to keep others; `null` forgets them all. */
export function useKeyMap(): [KeyMap, (map: KeyMap | null) => void] {
  const [text, keep] = useStoredText('key-map');
  const map = useMemo(() => parseKeyMap(text), [text]);
  return [map, (next) => keep(next === null ? null : JSON.stringify(next))];
}

/**
 * Says which key presses a control, to the listener and to screen readers; give the result to the element. Nothing
 * where keys are switched off.
 */
export function useKeyProps(key: string | undefined): {
  readonly 'data-key'?: string;
  readonly 'aria-keyshortcuts'?: string;
} {
  const [map] = useKeyMap();
  const [isOn] = useSetting('keys');
  if (key === undefined || (isOn === 'off' && key !== 'Escape')) return {};
  const known = KEYS.find((one) => one.key === key)?.key;
  return { 'data-key': key, 'aria-keyshortcuts': known === undefined ? key : (map[known] ?? key) };
}
