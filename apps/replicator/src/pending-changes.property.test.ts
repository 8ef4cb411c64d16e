import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPendingChanges, type DocumentChange, MAX_TOLD_BYTES } from './pending-changes.ts';

/** What happens to the primary: a write, or a drop; the feed that reads changes; the moment in which what waits is copied. */
type Step =
  | { readonly kind: 'put' | 'remove'; readonly collection: string; readonly id: number }
  | { readonly kind: 'drop'; readonly collection: string }
  | { readonly kind: 'read'; readonly count: number }
  | { readonly kind: 'copy' };

type Write = Extract<Step, { readonly kind: 'put' | 'remove' }>;

const collection = fc.constantFrom('one', 'two');
const calmSteps = [
  { weight: 5, arbitrary: toWrite('put') },
  { weight: 3, arbitrary: toWrite('remove') },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('read' as const), count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'copy' as const }) },
];
const drop = { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), collection }) };
const calm: fc.Arbitrary<Step> = fc.oneof(...calmSteps);
const withDrops: fc.Arbitrary<Step> = fc.oneof(...calmSteps, drop);

function toWrite(kind: Write['kind']): fc.Arbitrary<Write> {
  return fc.record({ kind: fc.constant(kind), collection, id: fc.integer({ min: 1, max: 4 }) });
}

/** A primary and a backup in memory: a copy reads the primary as it is then, as the apply loop does. */
function run(steps: readonly Step[]) {
  const primary = new Map<string, number>();
  const backup = new Map<string, number>();
  /** Changes that the feed has not read yet. */
  let unread: DocumentChange[] = [];
  /** Whether a delete of a document is not copied yet, by its key. */
  const deletes = new Set<string>();
  /** Documents that were copied as they are now, before their last changes were read. */
  const ahead = new Set<string>();
  /** What a drop must not take from the backup. */
  const kept = new Set<string>();
  /** What a document is behind the last change that was read. */
  const known = new Map<string, DocumentChange['told']>();
  const pending = createPendingChanges();
  let version = 0;
  let changes = 0;
  let settled = 0;

  function write({ kind, collection, id }: Write): void {
    const key = `${collection}/${id}`;
    const wasThere = primary.has(key);
    if (kind === 'remove' && !wasThere) return;
    version += 1;
    changes += 1;
    const change: DocumentChange['kind'] =
      kind === 'remove' ? 'delete' : wasThere ? (version % 2 === 0 ? 'update' : 'replace') : 'insert';
    if (kind === 'remove') {
      primary.delete(key);
      deletes.add(key);
    } else primary.set(key, version);
    kept.delete(key);
    const told = change === 'delete' ? null : change === 'update' ? undefined : Uint8Array.of(version);
    unread.push({ kind: change, collection, id, told });
  }

  function dropAll(collection: string): void {
    for (const key of primary.keys()) {
      if (!key.startsWith(collection)) continue;
      primary.delete(key);
      if (backup.has(key) && !deletes.has(key)) kept.add(key);
    }
  }

  function read(count: number): void {
    for (const change of unread.slice(0, count)) {
      pending.add(change);
      known.set(`${change.collection}/${String(change.id)}`, change.told);
    }
    unread = unread.slice(count);
  }

  function copy(): void {
    for (const [collection, documents] of pending.take()) {
      expect(new Set(documents.map(({ key }) => key)).size).toBe(documents.length);
      for (const { id, changes: merged, isNew, mayDelete, told } of documents) {
        const key = `${collection}/${String(id)}`;
        expect(told).toBe(known.get(key));
        // What is inserted first was not there when the last copy was made.
        if (isNew && !ahead.has(key)) expect(backup.has(key)).toBe(false);
        if (unread.some((one) => one.collection === collection && one.id === id)) ahead.add(key);
        else ahead.delete(key);
        const current = primary.get(key);
        settled += merged;
        if (current !== undefined) backup.set(key, current);
        else if (mayDelete) backup.delete(key);
      }
    }
    if (unread.length === 0) deletes.clear();
  }

  for (const one of steps) {
    if (one.kind === 'copy') copy();
    else if (one.kind === 'read') read(one.count);
    else if (one.kind === 'drop') dropAll(one.collection);
    else write(one);
  }
  read(unread.length);
  copy();
  return { primary, backup, changes, settled, kept };
}

test('16: merged changes bring the backup to the newest state, and each is settled once', () => {
  fc.assert(
    fc.property(fc.array(calm, { maxLength: 60 }), (steps) => {
      const { primary, backup, changes, settled } = run(steps);
      expect(backup).toEqual(primary);
      expect(settled).toBe(changes);
    }),
  );
});

test('a collection that is dropped takes nothing from the backup but what was deleted before', () => {
  fc.assert(
    fc.property(fc.array(withDrops, { maxLength: 60 }), (steps) => {
      const { primary, backup, changes, settled, kept } = run(steps);
      for (const [key, version] of primary) expect(backup.get(key)).toBe(version);
      for (const key of kept) expect(backup.has(key)).toBe(true);
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
  const isNew = kinds[0] === 'insert';
  const mayDelete = kinds.at(-1) === 'delete';
  expect(documents).toEqual([
    { id: 'a', key: 'sa', changes: kinds.length, isNew, mayDelete, told: undefined },
  ]);
  expect([pending.countDocuments(), pending.countChanges()]).toEqual([0, 0]);
});

test('documents that would take too much memory are read later', () => {
  const pending = createPendingChanges();
  const told = new Uint8Array(MAX_TOLD_BYTES / 2);
  const add = (id: number) => pending.add({ kind: 'insert', collection: 'events', id, told });
  const take = () => [...pending.take().values()].flat().map((document) => document.told);
  for (const id of [1, 2, 3]) add(id);
  expect(take()).toEqual([told, told, undefined]);
  add(4);
  expect(take()).toEqual([told]);
});
