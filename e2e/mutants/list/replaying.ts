import type { Mutant } from '../mutant.ts';
import { integration, unit } from '../proof.ts';

const SETS = 'packages/store/src/operation-sets.ts';
const sets = integration('packages/store/test/operation-sets.test.ts');
const replays = integration('apps/scheduler/test/replays.test.ts');

/** What a bulk replay touches, and how often. */
export const replaying: readonly Mutant[] = [
  {
    name: 'freezes what died after the watermark too',
    breaks: 11,
    file: SETS,
    find: "    let left: 'nothing' | 'some' = 'nothing';",
    replace: "    let left: 'nothing' | 'some' = 'nothing';\n    watermark.setTime(Date.now() + 60_000);",
    tests: sets,
  },
  {
    name: 'takes events of a replay that was paused or cancelled',
    breaks: 11,
    file: SETS,
    find: '        { _id: operation, state, fence: { $lte: fence } },\n        { $set: { fence }, $inc',
    replace: '        { _id: operation },\n        { $set: { fence }, $inc',
    tests: sets,
  },
  {
    name: 'takes events that died again since they were planned',
    breaks: 11,
    file: SETS,
    find: "          $expr: { $eq: ['$run', '$replay.run'] },\n",
    replace: '',
    tests: sets,
  },
  {
    name: 'takes events whatever they have become since they were read',
    breaks: 11,
    file: SETS,
    find: "      if (matchedCount < turns.length) return 'changed';\n",
    replace: '',
    tests: sets,
  },
  {
    name: 'does not tell the hours of arrival that dead events are replayed',
    breaks: 3,
    file: SETS,
    find: '      await writeStatusChanges(connection, updates, options);\n',
    replace: '',
    tests: sets,
  },
  {
    name: 'counts an hour anew without what is still to be added to it',
    breaks: 3,
    file: 'packages/store/src/outcome-recount.ts',
    find: 'left - (entry.counts[status] ?? 0)',
    replace: 'left',
    tests: sets,
  },
  {
    name: 'lets two replays of the same events run',
    breaks: 11,
    file: 'packages/store/src/operations.ts',
    find: 'live.find((other) => canMeet(operation, other));',
    replace: 'live.find(() => false);',
    tests: sets,
  },
  {
    name: 'lets two replays that start at once both run',
    breaks: 11,
    file: 'packages/store/src/operations.ts',
    find: '{ $inc: { fence: 1 }, $setOnInsert: { holder: null,',
    replace: '{ $setOnInsert: { fence: 1, holder: null,',
    tests: sets,
  },
  {
    name: 'does not add the jobs that a scheduler which died has left out',
    breaks: 11,
    file: 'apps/scheduler/src/operations/replay-run.ts',
    find: 'const refiled = await refileTaken({ events: sets, queue }, runner.operation);',
    replace: 'const refiled = (await refileTaken({ events: sets, queue }, "none")) * 0;',
    tests: replays,
  },
  {
    name: 'replays as fast as it can',
    breaks: 11,
    file: 'apps/scheduler/src/operations/replay-run.ts',
    find: 'Math.min(PORTION, bucket.available(), ',
    replace: 'Math.min(PORTION, ',
    tests: replays,
  },
  {
    name: 'keeps the marks of a cancelled replay, so that no other can have its events',
    breaks: 11,
    file: 'apps/scheduler/src/operations/replay-run.ts',
    find: '    while ((await sets.release(runner)) > 0);\n',
    replace: '',
    tests: replays,
  },
  {
    name: 'names a retry by its time alone, which may be before the run that failed',
    breaks: 11,
    file: 'packages/contracts/src/replay.ts',
    find: 'run: Math.max(nowMs, job.single.run + 1)',
    replace: 'run: nowMs',
    tests: unit('packages/contracts/src/replay.test.ts'),
  },
];
