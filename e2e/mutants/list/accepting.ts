import type { Mutant } from '../mutant.ts';
import { integration, only, unit } from '../proof.ts';

const GROUP_COMMIT = 'packages/protocol/src/group-commit.ts';
const groupCommit = unit('packages/protocol/src/group-commit.test.ts');
const frozenRedis = only('every call rejects', integration('packages/queue/test/outages.test.ts'));

/** Between a sender and the two stores that take an event in. */
export const accepting: readonly Mutant[] = [
  {
    name: 'answers before the queue has the batch',
    breaks: 1,
    file: GROUP_COMMIT,
    find: '    await queue.addBatch(jobId, job);',
    replace: `    for (const waiting of batch) answer(waiting, { id: waiting.event.eventId, duplicate: false });
    await queue.addBatch(jobId, job);`,
    tests: groupCommit,
  },
  {
    name: 'marks events as known before the queue has them',
    breaks: 1,
    file: GROUP_COMMIT,
    find: '    await queue.addBatch(jobId, job);',
    replace: `    queue.writeMarks(events.map(({ eventId, contentHash }) => ({ eventId, mark: { jobId, contentHash } })));
    await queue.addBatch(jobId, job);`,
    tests: groupCommit,
  },
  {
    name: 'answers before the inbox has the batch',
    breaks: 1,
    file: GROUP_COMMIT,
    find: '      await inbox.insert({ instance, seq, events: batch.map(({ event }) => event) });',
    replace:
      '      inbox.insert({ instance, seq, events: batch.map(({ event }) => event) }).catch(() => undefined);',
    tests: groupCommit,
  },
  {
    name: 'takes another body for known by the mark of its key',
    breaks: 1,
    file: GROUP_COMMIT,
    find: '      if (mark.contentHash === waiting.event.contentHash) {',
    replace: '      if (mark.contentHash !== undefined) {',
    tests: groupCommit,
  },
  {
    name: 'joins another body to the event of its key that is on its way',
    breaks: 1,
    file: GROUP_COMMIT,
    find: 'first?.event.contentHash === event.contentHash ? first',
    replace: 'first !== undefined ? first',
    tests: groupCommit,
  },
  {
    name: 'does not wait for Redis to confirm a batch',
    breaks: 1,
    file: 'packages/queue/src/events-producer.ts',
    find: "    await withinDeadline(adding, deadlineMs, 'the batch');",
    replace: "    withinDeadline(adding, deadlineMs, 'the batch').catch(() => undefined);",
    tests: frozenRedis,
  },
  {
    name: 'takes a bulk error that lists no write errors for a success',
    breaks: 1,
    file: 'packages/store/src/store-error.ts',
    find: '  if (failures.length === 0 || isAway(error)) return null;',
    replace: '  if (isAway(error)) return null;',
    tests: only('starts while|dies between', integration('packages/store/test/away.test.ts')),
  },
  {
    name: 'deletes the rows of the inbox when they are put into the queue',
    breaks: 1,
    file: 'packages/store/src/inbox.ts',
    find: `      await rows.updateMany(
        { _id: { $in: claimed.map(({ _id }) => _id) } },
        { $set: { enqueuedAt: now } },
        toWriteOptions(signal),
      );`,
    replace: `      await rows.deleteMany({ _id: { $in: claimed.map(({ _id }) => _id) } }, toWriteOptions(signal));`,
    tests: integration('packages/store/test/inbox.test.ts'),
  },
  {
    name: 'forgets the number of a batch that neither store took',
    breaks: 3,
    file: GROUP_COMMIT,
    find: '      unconfirmed.add(seq);\n',
    replace: '',
    tests: groupCommit,
  },
  {
    name: 'never voids the number of a batch that neither store took',
    breaks: 3,
    file: 'packages/protocol/src/heartbeat.ts',
    find: 'commit.voidUnconfirmed();',
    replace: 'Promise.resolve();',
    tests: unit('packages/protocol/src/heartbeat.test.ts'),
  },
  {
    name: 'asks the stores however long an event has waited',
    breaks: 5,
    file: GROUP_COMMIT,
    find: '    if (waitedMs > shareMs) throw new Error(`',
    replace: '    if (waitedMs === Number.POSITIVE_INFINITY) throw new Error(`',
    tests: groupCommit,
  },
  {
    name: 'asks the inbox however long an event has waited',
    breaks: 5,
    file: GROUP_COMMIT,
    find: '      expectTime(batch, inboxShareMs);\n',
    replace: '',
    tests: groupCommit,
  },
  {
    name: 'waits for a silent Redis for a minute',
    breaks: 5,
    file: 'packages/queue/src/events-producer.ts',
    find: '  const { redisUrl, prefix, deadlineMs = 1000, attempts = 8, logger } = options;',
    replace: `  const { redisUrl, prefix, attempts = 8, logger } = options;
  const deadlineMs = 60_000;`,
    tests: frozenRedis,
  },
  {
    name: 'leaves a queue that failed once alone for ever',
    breaks: 6,
    file: GROUP_COMMIT,
    find: '      queueRestsUntil = now() + queueRestMs;',
    replace: '      queueRestsUntil = Number.POSITIVE_INFINITY;',
    tests: groupCommit,
  },
];
