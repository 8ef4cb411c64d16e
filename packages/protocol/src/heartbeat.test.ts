import type { InstanceDocument } from '@sluice/contracts/bulk';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { toEvent } from '../test/models/events.ts';
import { createModelQueue } from '../test/models/model-queue.ts';
import { createModelStore, type ModelStore } from '../test/models/model-store.ts';
import { createGroupCommit } from './group-commit.ts';
import { createBeat, startHeartbeat } from './heartbeat.ts';

describe('a heartbeat', () => {
  let store: ModelStore;
  let told: InstanceDocument[];
  let failures: unknown[];
  let beat: () => Promise<void>;
  let bringInboxBack: () => void;

  beforeEach(async () => {
    const queue = createModelQueue();
    store = createModelStore();
    let nowMs = 0;
    const commit = createGroupCommit({ instance: 'i', queue, inbox: store, now: () => nowMs });
    [told, failures] = [[], []];
    beat = createBeat({
      instance: 'i',
      app: 'ingest',
      commit,
      beat: async (document) => void told.push(document),
      onFailed: (error) => failures.push(error),
      now: () => nowMs,
    });
    // Batch 1 was kept by neither store, batch 2 by the queue.
    const { before } = queue;
    queue.before = () => Promise.reject(new Error('away'));
    const { insert } = store;
    store.insert = () => Promise.reject(new Error('away'));
    bringInboxBack = () => {
      store.insert = insert;
    };
    await expect(commit.submit(toEvent('a'))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    nowMs = 1001;
    queue.before = before;
    await commit.submit(toEvent('b'));
  });

  it('voids the number of a batch that neither store took, so that those after it are told of', async () => {
    bringInboxBack();
    await beat();
    await beat();
    expect(told.at(-1)).toMatchObject({ _id: 'i', seq: 2, events: 1 });
    expect(store.receipts.get('i-1')).toMatchObject({ state: 'void' });
    expect(failures).toEqual([]);
  });

  it('tells how far the process has come while it cannot void, and of the first failure', async () => {
    await beat();
    await beat();
    expect(told.map(({ seq }) => seq)).toEqual([0, 0]);
    expect(failures).toHaveLength(1);
  });
});

describe('heartbeats while MongoDB does not answer', () => {
  it('do not pile up: stopping waits for the one in hand and for a last one', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const gate = Promise.withResolvers<void>();
    const told: string[] = [];
    let voidings = 0;
    const heartbeat = startHeartbeat({
      ...{ instance: 'i', app: 'scheduler', onFailed: () => undefined, now: () => 0 },
      commit: {
        head: () => ({ seq: 0, events: 0, merged: 0 }),
        voidUnconfirmed() {
          voidings += 1;
          return gate.promise;
        },
      },
      beat(document) {
        told.push(document._id);
        return Promise.reject(new Error('away'));
      },
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([told.length, voidings]).toEqual([1, 1]);
    const stopped = heartbeat.stop();
    gate.resolve();
    await stopped;
    expect([told.length, voidings]).toEqual([2, 2]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toHaveLength(2);
  });
});
