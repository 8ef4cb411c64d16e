import { DependencyAwayError, NoAnswerError } from '@sluice/contracts/unavailable';
import { expect, it } from 'vitest';
import { toEvent, toRecord } from '../test/models/events.ts';
import { createModelQueue } from '../test/models/model-queue.ts';
import { assertBalanced, createModelStore } from '../test/models/model-store.ts';
import { createBulkWriter } from './bulk-writer.ts';
import { createJobSettler, type JobView } from './settle-job.ts';

const now = () => Date.parse('2026-01-01T00:00:01Z');

/** Settles jobs of 40 events over a MongoDB that manages only some bulks; `bulks` are the sizes that it met. */
function createSettling(isInTime: (keys: readonly string[]) => boolean, Trouble = NoAnswerError) {
  const store = createModelStore();
  const bulks: number[] = [];
  store.beforeCommit = ({ rawInserts }) => {
    bulks.push(rawInserts.length);
    const keys = rawInserts.map(({ idempotencyKey }) => idempotencyKey);
    if (!isInTime(keys)) throw new Trouble('mongodb', 'No.');
  };
  const writer = createBulkWriter({ store, worker: 'w', now, soon: queueMicrotask, bulkEvents: 40 });
  const settle = createJobSettler({ writer, queue: createModelQueue(), normalize: toRecord, now });

  /** Takes a job up again as long as it is held; tells how often it was. */
  async function settleAtLast(seq: number): Promise<number> {
    const events = Array.from({ length: 40 }, (_, n) => toEvent(`${seq}-${n}`, { seq, n }));
    const data = { envelope: 1 as const, instance: 'i', seq, events };
    const job: JobView = {
      ...{ id: `b-i-${seq}`, data, attemptsMade: 0, stalledCount: 0, updateData: async () => undefined },
    };
    for (let holds = 0; holds < 20; holds += 1) {
      const { kind } = await settle(job);
      if (kind === 'done') return holds;
      expect(kind).toBe('hold');
    }
    throw new Error('The job is held for ever.');
  }

  return { store, bulks, settleAtLast };
}

it('halves what MongoDB does not store in time, and takes more again once it does', async () => {
  let most = 5;
  const { store, bulks, settleAtLast } = createSettling((keys) => keys.length <= most);
  expect(await settleAtLast(1)).toBe(3);
  expect(bulks.splice(0)).toEqual([40, 20, 10, 5, 5, 5, 5, 5, 5, 5, 5]);
  expect(store.receipts.get('i-1')).toMatchObject({ accepted: 40, merged: 0, state: 'settled' });
  most = 40;
  for (const seq of [2, 3, 4, 5]) expect(await settleAtLast(seq)).toBe(0);
  expect(bulks).toEqual([10, 10, 10, 10, 20, 20, 40, 40]);
  assertBalanced(store);
});

it('stores one event after the other where MongoDB manages no more, and none of them twice', async () => {
  const { store, bulks, settleAtLast } = createSettling(
    (keys) => keys.length === 1 || !keys.includes('1-20'),
  );
  expect(await settleAtLast(1)).toBeLessThan(10);
  expect(bulks).toContain(1);
  expect(store.normalized.size).toBe(40);
  expect(store.receipts.get('i-1')).toMatchObject({ accepted: 40, merged: 0, state: 'settled' });
  assertBalanced(store);
});

it('takes a bulk whole again after MongoDB was away', async () => {
  let holds = 3;
  const { bulks, settleAtLast } = createSettling(() => --holds < 0, DependencyAwayError);
  expect(await settleAtLast(1)).toBe(3);
  expect(bulks).toEqual([40, 40, 40, 40]);
});
