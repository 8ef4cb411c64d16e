import type { Mutant } from '../mutant.ts';
import { integration, unit } from '../proof.ts';

const SETTLE_JOB = 'packages/protocol/src/settle-job.ts';
const BULK_WRITER = 'packages/protocol/src/bulk-writer.ts';
const settleJob = unit('packages/protocol/src/settle-job.test.ts');

/** What a worker does with a job, and what the ledger learns of it. */
export const settling: readonly Mutant[] = [
  {
    name: 'ends a batch before the jobs of its failed events are in the queue',
    breaks: 3,
    file: SETTLE_JOB,
    find: '    if (jobs.length > 0) await queue.addSplit(jobs);',
    replace: '    if (jobs.length > 0) queue.addSplit(jobs).catch(() => undefined);',
    tests: settleJob,
  },
  {
    name: 'does not wait for Redis to take the jobs of failed events',
    breaks: 3,
    file: 'packages/queue/src/events-producer.ts',
    find: `    const added = await withinDeadline(adding, deadlineMs, 'the split jobs');
    checkAdded(jobs, added);`,
    replace: "    withinDeadline(adding, deadlineMs, 'the split jobs').catch(() => undefined);",
    tests: integration('packages/queue/test/events-producer.test.ts'),
  },
  {
    name: 'writes no receipts',
    breaks: 3,
    file: BULK_WRITER,
    find: 'receipts: toReceipts(tallies, known) };',
    replace: 'receipts: [] };',
    tests: settleJob,
  },
  {
    name: 'writes the receipt of a batch before its last event is stored',
    breaks: 3,
    file: BULK_WRITER,
    find: '    if (batch === null || parcel.outcomes.size + decided < parcel.candidates.length) return [];',
    replace: '    if (batch === null) return [];',
    tests: settleJob,
  },
  {
    name: 'never settles a batch that reached both the queue and the inbox',
    breaks: 3,
    file: BULK_WRITER,
    find: "        replacesVoid: state === 'void',",
    replace: '        replacesVoid: false,',
    tests: settleJob,
  },
  {
    name: 'tries what a slow MongoDB does not store in time again and again at the same size',
    breaks: 6,
    file: BULK_WRITER,
    find: '      if (error instanceof NoAnswerError) share.halve();',
    replace: '',
    tests: unit('packages/protocol/src/slow-store.test.ts'),
  },
  {
    name: 'counts an event twice that its batch holds twice',
    breaks: 3,
    file: BULK_WRITER,
    find: "    if (counted === 'accepted' && !again) entry.accepted += 1;",
    replace: "    if (counted === 'accepted') entry.accepted += 1;",
    tests: settleJob,
  },
  {
    name: 'answers that a dead event is known when it is sent again',
    breaks: 2,
    file: SETTLE_JOB,
    find: '    if (dead.length > 0) await queue.removeMarks(dead);\n',
    replace: '',
    tests: settleJob,
  },
  {
    name: 'lets one event that MongoDB refuses hold up all of its bulk',
    breaks: 2,
    file: BULK_WRITER,
    find: '      return isolate(items, error);',
    replace: '      throw error;',
    tests: settleJob,
  },
  {
    name: 'runs the events of a batch together on which a worker died',
    breaks: 2,
    file: SETTLE_JOB,
    find: "stalledCount > 0 ? { kind: 'alone' } : toVerdict(event, FIRST_RUN, 1);",
    replace: 'toVerdict(event, FIRST_RUN, 1);',
    tests: settleJob,
  },
  {
    name: 'counts a stall against an event that ran beside others',
    breaks: 4,
    file: SETTLE_JOB,
    find: 'stalledCount >= maxStalls && (single.begunAlone ?? 0) >= maxStalls - 1;',
    replace: 'stalledCount >= maxStalls;',
    tests: settleJob,
  },
  {
    name: 'runs a job on which a worker died beside others',
    breaks: 2,
    file: 'packages/protocol/src/one-alone.ts',
    find: 'isSuspect(job) ? settleAlone(job) : settleBesideOthers(job)',
    replace: 'settleBesideOthers(job)',
    tests: unit('packages/protocol/src/one-alone.test.ts'),
  },
];
