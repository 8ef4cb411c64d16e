import type { Mutant } from '../mutant.ts';
import { integration } from '../proof.ts';

const EVENT_STORE = 'packages/store/src/event-store.ts';
const INBOX = 'packages/store/src/inbox.ts';
const eventStore = integration('packages/store/test/event-store.test.ts');

const ledger = integration('packages/store/test/ledger.test.ts');

/** What MongoDB is asked to hold true. */
export const storing: readonly Mutant[] = [
  {
    name: 'has no unique index on the normalized hash',
    breaks: 2,
    file: 'packages/store/src/schemas/event-schemas.ts',
    find: 'normalizedEvents.index({ tenant: 1, normalizedHash: 1 }, { unique: true });',
    replace: 'normalizedEvents.index({ tenant: 1, normalizedHash: 1 });',
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
    file: EVENT_STORE,
    find: "matchedCount < revived.length ? 'conflict' : 'committed'",
    replace: "'committed'",
    tests: eventStore,
  },
  {
    name: 'counts the events of a batch that was settled after it was moved to the inbox',
    breaks: 3,
    file: EVENT_STORE,
    find: ' uncounted: true as const,',
    replace: '',
    tests: ledger,
  },
  {
    name: 'forgets which batches were missing when receipts are folded',
    breaks: 3,
    file: 'packages/store/src/receipts.ts',
    find: '...withoutSeqs(gaps, lateSeqs), ...run.gaps',
    replace: '...withoutSeqs(gaps, lateSeqs)',
    tests: ledger,
  },
  {
    name: 'takes a batch for settled that was missing when receipts were folded',
    breaks: 1,
    file: EVENT_STORE,
    find: ' && !isInRanges(gaps, batch.seq)',
    replace: '',
    tests: ledger,
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
