import type { DifferenceKind } from '@sluice/contracts/full-sync';
import type { PackedId } from './document-id.ts';
import type { Entry, Range } from './read-range.ts';

/** A document that differs, by its id and the key of that. */
export type Difference = { readonly kind: DifferenceKind; readonly key: string; readonly id: PackedId };

/** Returns what differs between the same range of both sides; nothing of it is looked at when their hashes are equal. */
export function compareRanges(primary: Range, backup: Range): readonly Difference[] {
  if (primary.hash === backup.hash) return [];
  return compareEntries(primary.entries, backup.entries);
}

/** Returns what differs between documents of both sides. */
export function compareEntries(
  primary: ReadonlyMap<string, Entry>,
  backup: ReadonlyMap<string, Entry>,
): readonly Difference[] {
  const differences: Difference[] = [];
  for (const [key, { id, hash }] of primary) {
    const other = backup.get(key);
    if (other === undefined) differences.push({ kind: 'missing', key, id });
    else if (other.hash !== hash) differences.push({ kind: 'unequal', key, id });
  }
  for (const [key, { id }] of backup) {
    if (!primary.has(key)) differences.push({ kind: 'extra', key, id });
  }
  return differences;
}
