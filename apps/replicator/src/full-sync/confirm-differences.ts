/**
 * Tells real differences from documents that are on their way to the backup. Both sides are never read at one moment,
 * so whatever differs is looked at again:
 *
 *  1. From now on every change that the feed reads of one of these documents is noted.
 *  2. It waits until the feed has applied all that the primary had so far.
 *  3. Both sides are read again; what is equal now had only been late.
 *  4. It waits until the feed has applied all that the primary had when it was read. A document that no change was
 *     noted for since 1 is as it was on both sides all that time: if it differs, no change that is under way will
 *     mend it.
 *  5. Documents with changes are looked at once more, a few times; one that never holds still is called lagging.
 */
import type { Db, Timestamp } from 'mongodb';
import type { ActiveReplicator } from '../ports.ts';
import { compareEntries, type Difference } from './compare-ranges.ts';
import { type PackedId, toIdBytes, toIdKey } from './document-id.ts';
import { type Entry, readEntries } from './read-range.ts';
import type { ReadSize } from './read-size.ts';

/** The two databases. */
export type Side = 'primary' | 'backup';

/** What the confirmation asks of the run that it is a part of. */
export type ConfirmParts = Pick<ActiveReplicator, 'watchChanges'> & {
  /** Resolves when all that the primary has now is applied. */
  readonly waitForFeed: () => Promise<void>;
  /** How many documents are looked up at once. */
  readonly lookUpSize: ReadSize;
  /** Runs a read of one side until it succeeds. */
  readonly untilRead: <Result>(side: Side, read: (db: Db) => Promise<Result>) => Promise<Result>;
};

/** What is left of suspected differences. */
export type Confirmed = { readonly real: readonly Difference[]; readonly lagging: number };

const MAX_LOOKS = 4;

/** Looks at suspected differences of a collection again, until it is clear which are real. */
export async function confirmDifferences(
  parts: ConfirmParts,
  collection: string,
  suspects: readonly Difference[],
): Promise<Confirmed> {
  const real: Difference[] = [];
  let open = suspects;
  for (let look = 0; look < MAX_LOOKS && open.length > 0; look += 1) {
    const { settled, moving } = await lookAgain(parts, collection, open);
    real.push(...settled);
    open = moving;
  }
  return { real, lagging: open.length };
}

async function lookAgain(
  parts: ConfirmParts,
  collection: string,
  suspects: readonly Difference[],
): Promise<{ readonly settled: readonly Difference[]; readonly moving: readonly Difference[] }> {
  const { watchChanges, waitForFeed } = parts;
  const untouched = new Set(suspects.map(({ key }) => key));
  const unwatch = watchChanges((changed, id) => {
    if (changed === collection) untouched.delete(toIdKey(toIdBytes(id)));
  });
  try {
    await waitForFeed();
    const ids = suspects.map(({ id }) => id);
    const [here, there] = await Promise.all([
      lookUp(parts, 'primary', collection, ids),
      lookUp(parts, 'backup', collection, ids),
    ]);
    const differences = compareEntries(here, there);
    if (differences.length > 0) await waitForFeed();
    return {
      settled: differences.filter(({ key }) => untouched.has(key)),
      moving: differences.filter(({ key }) => !untouched.has(key)),
    };
  } finally {
    unwatch();
  }
}

/** Reads documents of one side, some at a time; those that do not exist are left out. */
export async function lookUp(
  { untilRead, lookUpSize }: Pick<ConfirmParts, 'untilRead' | 'lookUpSize'>,
  side: Side,
  collection: string,
  ids: readonly PackedId[],
): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>();
  for (let from = 0; from < ids.length; ) {
    const { found, to } = await untilRead(side, (db) =>
      lookUpSize.adapt(async (count) => ({
        found: await readEntries(db, collection, ids.slice(from, from + count)),
        to: from + count,
      })),
    );
    for (const [key, entry] of found) entries.set(key, entry);
    from = to;
  }
  return entries;
}

/** Tells whether all changes up to a time are applied. */
export function isApplied(appliedTo: Timestamp | null, time: Timestamp): boolean {
  return appliedTo?.greaterThanOrEqual(time) ?? false;
}
