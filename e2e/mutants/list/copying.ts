import type { Mutant } from '../mutant.ts';
import { integration, only, unit } from '../proof.ts';

const SOURCE = 'apps/replicator/src';
const tests = (...names: readonly string[]) =>
  integration(...names.map((name) => `apps/replicator/test/${name}.test.ts`));
const entries = unit(`${SOURCE}/changes/oplog-entry.test.ts`);
const sources = tests('open-changes');
const merging = unit(`${SOURCE}/pending-changes.property.test.ts`);

/** The backup: which changes are read, and what becomes of them there. */
export const copying: readonly Mutant[] = [
  {
    name: 'takes every field of the oplog for known',
    breaks: 9,
    file: `${SOURCE}/changes/oplog-entry.ts`,
    find: 'find((field) => !known.has(field))',
    replace: 'find((field) => known.has(field) && field.length > 99)',
    tests: entries,
  },
  {
    name: 'takes a part of a transaction for all of it',
    breaks: 9,
    file: `${SOURCE}/changes/oplog-entry.ts`,
    find: 'if (fields.length > 0) throw',
    replace: 'if (fields.length > 9) throw',
    tests: sources,
  },
  {
    name: 'does not see the end of a transaction that ends in another database',
    breaks: 9,
    file: `${SOURCE}/changes/oplog.ts`,
    find: "['partialTxn', 'prepare', 'count'].map",
    replace: "['nothing'].map",
    tests: sources,
  },
  {
    name: 'reads the change of the position once more from the oplog',
    breaks: 9,
    file: `${SOURCE}/changes/oplog.ts`,
    find: 'ts: { $gt: at }',
    replace: 'ts: { $gte: at }',
    tests: sources,
  },
  {
    name: 'leaves the position where it is while only others write',
    breaks: 9,
    file: `${SOURCE}/changes/oplog.ts`,
    find: 'if (isIdle && newest?.greaterThan(at)) at = newest;',
    replace: '',
    tests: sources,
  },
  {
    name: 'leaves a change stream in the midst of a transaction',
    breaks: 9,
    file: `${SOURCE}/changes/open-changes.ts`,
    find: "let isBetween = 'at' in start;",
    replace: 'let isBetween = true;',
    tests: sources,
  },
  {
    name: 'reads on behind an answer that was lost',
    breaks: 9,
    file: `${SOURCE}/changes/command-cursor.ts`,
    find: 'if (broken !== null) throw broken.error;',
    replace: '',
    tests: tests('frozen-primary'),
  },
  {
    name: 'keeps the token of a change stream without the types in it',
    breaks: 9,
    file: `${SOURCE}/changes/change-stream.ts`,
    find: 'return typeBits === undefined ? { after } : { after, typeBits };',
    replace: 'return { after };',
    tests: sources,
  },
  {
    name: 'cuts what one transaction changed in two',
    breaks: 9,
    file: `${SOURCE}/changes/whole-transactions.ts`,
    find: 'held = read.slice(end);',
    replace: "if (read.length > 0) return { changes: read, to, ends: 'between' };",
    tests: tests('transactions'),
  },
  {
    name: 'copies what a document was before its last change',
    breaks: 9,
    file: `${SOURCE}/pending-changes.ts`,
    find: '        found.told = told;\n',
    replace: '',
    tests: merging,
  },
  {
    name: 'deletes a document that was made again',
    breaks: 9,
    file: `${SOURCE}/pending-changes.ts`,
    find: "found.mayDelete = kind === 'delete';",
    replace: "found.mayDelete ||= kind === 'delete';",
    tests: merging,
  },
  {
    name: 'takes what was told for what is to be copied as of another time',
    breaks: 9,
    file: `${SOURCE}/apply-loop.ts`,
    find: 'work.move?.appliedTo?.equals(readTo) ?? false',
    replace: 'work.move !== undefined',
    tests: tests('transactions'),
  },
  {
    name: 'moves the position past a document that was refused, unnoted',
    breaks: 9,
    file: `${SOURCE}/apply-loop.ts`,
    find: '      await untilThere(() => noteRefused(refused));\n',
    replace: '',
    tests: tests('refused-documents'),
  },
  {
    name: 'lets a replicator write that is not the active one any more',
    breaks: 9,
    file: `${SOURCE}/write-bulk.ts`,
    find: "{ _id: 'position', fence, seq },\n            attempted.next,",
    replace: "{ _id: 'position', ...(fence + seq < 0 ? { fence } : {}) },\n            attempted.next,",
    tests: tests('replication'),
  },
  {
    name: 'deletes what nobody has deleted',
    breaks: 9,
    file: `${SOURCE}/write-bulk.ts`,
    find: 'if (document === null && !mayDelete) continue;',
    replace: '',
    tests: tests('replication', 'position'),
  },
  {
    name: 'goes on where another primary was left',
    breaks: 9,
    file: `${SOURCE}/active.ts`,
    find: 'position.origin !== origin || ',
    replace: '',
    tests: tests('position'),
  },
  {
    name: 'asks for no full sync when a collection was dropped',
    breaks: 9,
    file: `${SOURCE}/change-feed.ts`,
    find: '    await untilThere(() => options.onCollectionsChanged(kind));\n',
    replace: '',
    tests: only('dropped or renamed', tests('position')),
  },
  {
    name: 'takes an emptied primary for the one that the backup is of',
    breaks: 9,
    file: `${SOURCE}/dataset.ts`,
    find: "if (there !== null && there.id !== here?.id) return { kind: 'foreign' };",
    replace: '',
    tests: only('emptied', tests('position')),
  },
];
