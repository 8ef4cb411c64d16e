import type { Mutant } from '../mutant.ts';
import { only, unit } from '../proof.ts';

const simulator = only('with seed', unit('packages/protocol/sim/simulation.test.ts'));

/** What shows only when crashes, outages and late messages meet: the simulator's remembered seeds catch it. */
export const simulating: readonly Mutant[] = [
  {
    name: 'puts a row of the inbox into the queue once, though its job may be lost',
    breaks: 1,
    file: 'packages/protocol/src/sweep.ts',
    find: 'const AGAIN_AFTER_MS = 60_000;',
    replace: 'const AGAIN_AFTER_MS = Number.POSITIVE_INFINITY;',
    tests: simulator,
  },
  {
    name: 'does not finish what a worker left undone that died after its commit',
    breaks: 2,
    file: 'packages/protocol/src/bulk-writer.ts',
    find: '[...plan.normalized, ...(await readStoredBefore(decision))]',
    replace: 'plan.normalized',
    tests: simulator,
  },
  {
    name: 'answers although neither store has confirmed the batch',
    breaks: 1,
    file: 'packages/protocol/src/group-commit.ts',
    find: '      await sendToInbox(left.seq === 0 ? nextSeq() : left.seq, left.batch);',
    replace:
      '    for (const waiting of left.batch) answer(waiting, { id: waiting.event.eventId, duplicate: false });',
    tests: simulator,
  },
];
