import type { Mutant } from '../mutant.ts';
import { integration, only, unit } from '../proof.ts';

const FAILURE = 'packages/protocol/src/failure.ts';
const settleJob = unit('packages/protocol/src/settle-job.test.ts');

/** Outages, and formats that a worker does not know. */
export const holding: readonly Mutant[] = [
  {
    name: 'takes an outage of MongoDB for a failure of the event',
    breaks: 4,
    file: FAILURE,
    find: '  if (isBusy || error instanceof DependencyAwayError) {',
    replace: '  if (isBusy) {',
    tests: settleJob,
  },
  {
    name: 'counts an attempt when a held job goes back to the queue',
    breaks: 4,
    file: 'packages/queue/src/events-worker.ts',
    find: '        return hold(job, token);',
    replace: '        return retry(job, result.reason);',
    tests: integration('packages/queue/test/events-worker.test.ts'),
  },
  {
    name: 'waits for a silent MongoDB without a deadline',
    breaks: 5,
    file: 'packages/store/src/deadline.ts',
    find: '  }, timeoutMs);',
    replace: '  }, 2 ** 31 - 1);',
    tests: only('starts while|frees its callers', integration('packages/store/test/away.test.ts')),
  },
  {
    name: 'leaves what Redis did not take from the inbox lying for a minute',
    breaks: 6,
    file: 'packages/protocol/src/sweep.ts',
    find: '    await inbox.giveBackRows(rows).catch(() => undefined);',
    replace: '',
    tests: integration('apps/scheduler/test/sweeper.test.ts'),
  },
  {
    name: 'counts an attempt when an event is parked',
    breaks: 7,
    file: 'packages/protocol/src/documents.ts',
    find: "    attempts: verdict.kind === 'parked' || verdict.kind === 'alone' ? attempt - 1 : attempt,",
    replace: '    attempts: attempt,',
    tests: unit('packages/protocol/src/decide.test.ts'),
  },
  {
    name: 'lets an event of an unknown schema version die at once',
    breaks: 7,
    file: FAILURE,
    find: "return { class: 'unknown-version', version: error.version, message: error.message };",
    replace: "return { class: 'permanent', code: 'ERR_VERSION_UNKNOWN', message: error.message };",
    tests: settleJob,
  },
  {
    name: 'counts an attempt when a parked job goes back to the queue',
    breaks: 7,
    file: 'packages/queue/src/events-worker.ts',
    find: '        return park(job, token, result.delayMs, result.data);',
    replace: "        return retry(job, 'parked');",
    tests: integration('packages/queue/test/events-worker.test.ts'),
  },
];
