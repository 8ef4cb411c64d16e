import { describe, expect, it } from 'vitest';
import { compareRanges } from './compare-ranges.ts';
import { packId, toIdBytes } from './document-id.ts';
import type { Range } from './read-range.ts';

function toRange(documents: Readonly<Record<string, string>>): Range {
  const entries = Object.entries(documents).map(
    ([key, hash]) => [key, { id: packId(toIdBytes(key)), hash }] as const,
  );
  return { entries: new Map(entries), hash: JSON.stringify(documents), next: null };
}

describe('two ranges', () => {
  it('differ in what only one side has, and in what has other bytes', () => {
    const primary = toRange({ a: '1', b: '2', c: '3' });
    const found = compareRanges(primary, toRange({ b: '2', c: '4', d: '5' }));
    expect(found.map(({ kind, key }) => `${kind} ${key}`)).toEqual(['missing a', 'unequal c', 'extra d']);
    expect(found[0]?.id).toEqual(packId(toIdBytes('a')));
    expect(compareRanges(primary, primary)).toEqual([]);
  });
});
