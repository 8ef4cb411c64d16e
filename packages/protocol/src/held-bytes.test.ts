import type { AcceptedEvent } from '@sluice/contracts/event';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { expect, it } from 'vitest';
import { toEvent, toRecord } from '../test/models/events.ts';
import { createModelQueue } from '../test/models/model-queue.ts';
import { assertBalanced, createModelStore, type ModelStore } from '../test/models/model-store.ts';
import { createBulkWriter } from './bulk-writer.ts';
import { RefusedPayloadError } from './failure.ts';
import { createJobSettler, type JobView } from './settle-job.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:01Z');
const now = () => NOW_MS;

function toJob(event: AcceptedEvent, seq: number): JobView {
  const data = { envelope: 1 as const, instance: 'i', seq, events: [event] };
  return { id: `b-i-${seq}`, data, attemptsMade: 0, stalledCount: 0, updateData: async () => undefined };
}

it('makes no more of bodies at once than there is room for, and goes on whatever became of those before', async () => {
  const queue = createModelQueue();
  const store = createModelStore();
  const inHand = new Set<string>();
  let most = 0;
  const begun: string[] = [];
  const commit: ModelStore['commit'] = async (plan) => {
    most = Math.max(most, inHand.size);
    const result = await store.commit(plan);
    for (const { idempotencyKey } of plan.rawInserts) inHand.delete(idempotencyKey);
    return result;
  };
  const normalize = (event: AcceptedEvent) => {
    const { idempotencyKey: key } = event;
    begun.push(key);
    if (key === 'cut') throw new DependencyAwayError('redis', 'cut');
    inHand.add(key);
    if (key === 'refused') throw new RefusedPayloadError('ERR_FIELD_REQUIRED', 'amount is missing');
    return toRecord(event);
  };
  const model = { lookUp: store.lookUp, readRecords: store.readRecords, commit };
  const writer = createBulkWriter({ store: model, worker: 'w', now, soon: queueMicrotask });
  const settle = createJobSettler({ writer, queue, normalize, now, maxHeldBytes: 300 });
  const toJobs = (keys: readonly string[], seq: number) =>
    keys.map((key, n) => toJob(toEvent(key, { key, text: 'x'.repeat(100) }), seq + n));
  queue.before = (command) => {
    if (command === 'addSplit') throw new Error('unforeseen');
  };

  const keys = ['a', 'refused', 'c', 'd', 'e'];
  const results = await Promise.allSettled(toJobs(keys, 1).map(settle));
  expect(begun).toEqual(keys);
  expect(most).toBe(2);
  const statuses = results.map(({ status }) => status);
  expect(statuses).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(store.normalized.size).toBe(4);

  const [cut, beside, ...waiting] = await Promise.all(toJobs(['cut', 'f', 'g', 'h'], 6).map(settle));
  expect(cut).toMatchObject({ kind: 'hold', reason: 'cut' });
  expect(beside).toEqual({ kind: 'done' });
  expect(waiting).toEqual([cut, cut]);
  expect(begun).not.toContain('g');
  expect(await Promise.all(toJobs(['i', 'j', 'k'], 10).map(settle))).toMatchObject(
    Array.from({ length: 3 }, () => ({ kind: 'done' })),
  );
});

it('stores what comes at once in bulks that are bounded by their bytes', async () => {
  const store = createModelStore();
  const bulks: number[] = [];
  store.beforeCommit = ({ rawInserts }) => void bulks.push(rawInserts.length);
  const writer = createBulkWriter({
    ...{ store, worker: 'w', now, soon: queueMicrotask, bulkBytes: 300, maxInFlight: 1 },
  });
  const settle = createJobSettler({ writer, queue: createModelQueue(), normalize: toRecord, now });
  const sizes = [100, 100, 100, 500, 10, 10, 10];
  const jobs = sizes.map((size, n) => toJob(toEvent(`${n}`, { n, text: 'x'.repeat(size) }), n + 1));
  await Promise.all(jobs.map(settle));
  expect(bulks).toEqual([2, 1, 1, 3]);
  assertBalanced(store);
});
