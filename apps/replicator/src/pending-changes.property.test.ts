import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPendingChanges, type DocumentChange } from './pending-changes.ts';

/** What happens to the primary: a write, or the moment in which what waits is copied. */
type Step =
  | { readonly kind: 'put' | 'remove'; readonly collection: string; readonly id: number }
  | { readonly kind: 'copy' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: toWrite('put') },
  { weight: 3, arbitrary: toWrite('remove') },
  { weight: 1, arbitrary: fc.constant({ kind: 'copy' as const }) },
);

function toWrite(kind: 'put' | 'remove'): fc.Arbitrary<Step> {
  return fc.record({
    kind: fc.constant(kind),
    collection: fc.constantFrom('one', 'two'),
    id: fc.integer({ min: 1, max: 4 }),
  });
}

/** A primary and a backup in memory: a copy reads the primary as it is then, as the apply loop does. */
function run(steps: readonly Step[]) {
  const primary = new Map<string, number>();
  const backup = new Map<string, number>();
  const pending = createPendingChanges();
  let version = 0;
  let changes = 0;
  let settled = 0;

  function write({ kind, collection, id }: Exclude<Step, { readonly kind: 'copy' }>): void {
    const key = `${collection}/${id}`;
    const wasThere = primary.has(key);
    if (kind === 'remove' && !wasThere) return;
    version += 1;
    changes += 1;
    const change: DocumentChange['kind'] =
      kind === 'remove' ? 'delete' : wasThere ? (version % 2 === 0 ? 'update' : 'replace') : 'insert';
    if (kind === 'remove') primary.delete(key);
    else primary.set(key, version);
    pending.add({ kind: change, collection, id });
  }

  function copy(): void {
    for (const [collection, documents] of pending.take()) {
      expect(new Set(documents.map(({ key }) => key)).size).toBe(documents.length);
      for (const { id, changes: merged, isNew } of documents) {
        const key = `${collection}/${String(id)}`;
        const current = primary.get(key);
        // What is inserted first was not there when the last copy was made.
        if (isNew) expect(backup.has(key)).toBe(false);
        settled += merged;
        if (current === undefined) backup.delete(key);
        else backup.set(key, current);
      }
    }
  }

  for (const one of steps) {
    if (one.kind === 'copy') copy();
    else write(one);
  }
  copy();
  return { primary, backup, changes, settled };
}

test('16: merged changes bring the backup to the newest state, and each is settled once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { primary, backup, changes, settled } = run(steps);
      expect(backup).toEqual(primary);
      expect(settled).toBe(changes);
    }),
  );
});

test.each([
  ['insert and insert', ['insert', 'delete', 'insert']],
  ['insert and update', ['insert', 'update']],
  ['update and update', ['update', 'replace', 'update']],
  ['anything and delete', ['insert', 'update', 'delete']],
  ['delete and a new document', ['delete', 'insert']],
] as const)('17: %s of one document are one', (_names, kinds) => {
  const pending = createPendingChanges();
  for (const kind of kinds) pending.add({ kind, collection: 'events', id: 'a' });
  expect([pending.countDocuments(), pending.countChanges()]).toEqual([1, kinds.length]);
  const [documents] = pending.take().values();
  expect(documents).toEqual([{ id: 'a', key: 'sa', changes: kinds.length, isNew: kinds[0] === 'insert' }]);
  expect([pending.countDocuments(), pending.countChanges()]).toEqual([0, 0]);
});
