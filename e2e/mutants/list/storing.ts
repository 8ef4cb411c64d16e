import type { Mutant } from '../mutant.ts';
import { integration } from '../proof.ts';

const EVENT_STORE = 'packages/store/src/event-store.ts';
const FOLD = 'packages/store/src/fold-receipts.ts';
const RECEIPTS = 'packages/store/src/receipt-states.ts';
const INBOX = 'packages/store/src/inbox.ts';
const eventStore = integration('packages/store/test/event-store.test.ts');

const ledger = integration('packages/store/test/ledger.test.ts');
const receipts = integration('packages/store/test/receipts.test.ts');

/** What MongoDB is asked to hold true. */
export const storing: readonly Mutant[] = [
  {
    name: 'has no unique index on the normalized hash',
    breaks: 2,
    file: 'packages/store/src/declared.ts',
    find: '{ key: { tenant: 1, normalizedHash: 1 }, unique: true }',
    replace: '{ key: { tenant: 1, normalizedHash: 1 } }',
    tests: eventStore,
  },
  {
    name: 'writes the parts of a bulk without a transaction',
    breaks: 2,
    file: 'packages/store/src/transaction.ts',
    find: 'await work({ session, signal })',
    replace: 'await work({ signal })',
    tests: eventStore,
  },
  {
    name: 'changes a status whatever it has become since',
    breaks: 2,
    file: EVENT_STORE,
    find: '      filter: { _id: id, status, run, attempts },',
    replace: '      filter: { _id: id },',
    tests: eventStore,
  },
  {
    name: 'takes an update that applied to nothing for written',
    breaks: 2,
    file: EVENT_STORE,
    find: "    if (matchedCount < plan.rawUpdates.length) return 'conflict';\n",
    replace: '',
    tests: eventStore,
  },
  {
    name: 'settles a receipt twice',
    breaks: 3,
    file: RECEIPTS,
    find: ", state: 'void' as const },",
    replace: ' },',
    tests: eventStore,
  },
  {
    name: 'settles a void batch twice whose receipt was folded',
    breaks: 3,
    file: RECEIPTS,
    find: "  return areVoid ? 'committed' : 'conflict';",
    replace: "  return areVoid === null ? 'conflict' : 'committed';",
    tests: receipts,
  },
  {
    name: 'counts the events of a batch that was settled after it was moved to the inbox',
    breaks: 3,
    file: RECEIPTS,
    find: ' uncounted: true as const,',
    replace: '',
    tests: ledger,
  },
  {
    name: 'forgets which batches were missing when receipts are folded',
    breaks: 3,
    file: FOLD,
    find: '[...open, ...run.gaps]',
    replace: 'open',
    tests: receipts,
  },
  {
    name: 'forgets which batches were moved to the inbox when receipts are folded',
    breaks: 3,
    file: FOLD,
    find: "isInRanges(folded.voids, seq) ? 'void' : 'settled';",
    replace: "'settled';",
    tests: receipts,
  },
  {
    name: 'adds the receipts again that a promoted backup still has beside their sums',
    breaks: 3,
    file: FOLD,
    find: ' && isNew(receipt, folded)',
    replace: '',
    tests: receipts,
  },
  {
    name: 'keeps any number of gaps',
    breaks: 3,
    file: FOLD,
    find: '    if (left.length - 1 > Math.max(0, room)) return [range];\n',
    replace: '',
    tests: receipts,
  },
  {
    name: 'folds nothing behind an instance that cannot be folded',
    breaks: 3,
    file: 'packages/store/src/each-apart.ts',
    find: '      failures.push(error);',
    replace: '      throw error;',
    tests: receipts,
  },
  {
    name: 'misses a receipt that is folded while it is looked for',
    breaks: 3,
    file: RECEIPTS,
    find: `  const found = await toCollection(connection, 'receipts')
    .find(
      { _id: { $in: batches.map(toReceiptId) } },
      { ...options, projection: { state: 1 }, batchSize: batches.length + 1 },
    )
    .toArray();
  const states = new Map(found.map(({ _id, state }) => [_id, state]));
  const folded = await findFolded(connection, instances, options);
`,
    replace: `  const folded = await findFolded(connection, instances, options);
  const found = await toCollection(connection, 'receipts')
    .find(
      { _id: { $in: batches.map(toReceiptId) } },
      { ...options, projection: { state: 1 }, batchSize: batches.length + 1 },
    )
    .toArray();
  const states = new Map(found.map(({ _id, state }) => [_id, state]));
`,
    tests: receipts,
  },
  {
    name: 'forgets what instances brought that have ended',
    breaks: 3,
    file: 'packages/store/src/ledger.ts',
    find: "...unknown, ended], 'accepted'",
    replace: "...unknown], 'accepted'",
    tests: receipts,
  },
  {
    name: 'does not look for lost batches of an instance that comes back after a day',
    breaks: 3,
    file: 'packages/store/src/instances.ts',
    find: '$unset: { ended: true }',
    replace: '$unset: {}',
    tests: receipts,
  },
  {
    name: 'takes a batch for settled that was missing when receipts were folded',
    breaks: 1,
    file: FOLD,
    find: ' || isInRanges(folded.gaps, seq)',
    replace: '',
    tests: receipts,
  },
  {
    name: 'counts the events of a batch that was settled before it was moved to the inbox',
    breaks: 3,
    file: INBOX,
    find: '{ $set: { uncounted: true } }',
    replace: '{ $unset: { uncounted: true } }',
    tests: ledger,
  },
  {
    name: 'deletes the rows of the inbox also when their events could not be stored',
    breaks: 1,
    file: EVENT_STORE,
    find: "  const raw = toCollection(connection, 'raw_events');\n  if (plan.normalized",
    replace: `  const raw = toCollection(connection, 'raw_events');
  await toCollection(connection, 'inbox').deleteMany({ _id: { $in: [...plan.inboxDone] } });
  if (plan.normalized`,
    tests: eventStore,
  },
  {
    name: 'does not see that the last batches of an instance are lost',
    breaks: 3,
    file: 'packages/store/src/ledger.ts',
    find: '  return end < seq && gaps.length < limit ? [...gaps, { from: end + 1, to: seq }] : gaps;',
    replace: '  return gaps;',
    tests: ledger,
  },
];
