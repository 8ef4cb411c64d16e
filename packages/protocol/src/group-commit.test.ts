import { toConflictEventId } from '@sluice/normalizer/identity';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { toEvent } from '../test/models/events.ts';
import { createModelQueue, type ModelQueue } from '../test/models/model-queue.ts';
import { createModelStore, type ModelStore } from '../test/models/model-store.ts';
import { createGroupCommit, type GroupCommit, type Kept } from './group-commit.ts';

describe('group commit', () => {
  let queue: ModelQueue;
  let store: ModelStore;
  let nowMs: number;
  let commit: GroupCommit;

  beforeEach(() => {
    queue = createModelQueue();
    store = createModelStore();
    nowMs = 0;
    commit = createGroupCommit({ instance: 'i', queue, inbox: store, now: () => nowMs });
  });

  it('sends a lonely event at once, alone', async () => {
    const event = toEvent('a');
    expect(await commit.submit(event)).toEqual({ id: event.eventId, duplicate: false });
    expect([...queue.jobs.keys()]).toEqual(['b-i-1']);
    expect(queue.marks.get(event.eventId)).toEqual({ jobId: 'b-i-1', contentHash: event.contentHash });
  });

  it('sends what arrives during a round trip as one job', async () => {
    const kept: Promise<Kept>[] = [];
    queue.before = () => {
      if (kept.length > 1) return;
      for (let n = 1; n < 60; n += 1) kept.push(commit.submit(toEvent(`k${n}`)));
    };
    kept.push(commit.submit(toEvent('k0')));
    await kept[0];
    await Promise.all(kept);
    expect([...queue.jobs.values()].map((job) => job.events.length)).toEqual([1, 59]);
    expect(commit.head()).toMatchObject({ seq: 2, events: 60 });
  });

  it('sends what arrives in one turn of the event loop as one job', async () => {
    await Promise.all(Array.from({ length: 60 }, (_, n) => commit.submit(toEvent(`k${n}`))));
    expect([...queue.jobs.values()].map((job) => job.events.length)).toEqual([60]);
  });

  it('sends a full batch beside the one that is on its way', async () => {
    const gate = Promise.withResolvers<void>();
    queue.before = () => gate.promise;
    const kept = Array.from({ length: 402 }, (_, n) => commit.submit(toEvent(`k${n}`)));
    gate.resolve();
    await Promise.all(kept);
    expect([...queue.jobs.values()].map((job) => job.events.length)).toEqual([200, 200, 2]);
  });

  it('never puts more than 200 events or 512 KiB into one job', async () => {
    const big = 'x'.repeat(200 * 1024);
    await Promise.all([
      ...Array.from({ length: 450 }, (_, n) => commit.submit(toEvent(`k${n}`))),
      ...Array.from({ length: 6 }, (_, n) => commit.submit(toEvent(`big${n}`, { big }))),
    ]);
    const sizes = [...queue.jobs.values()].map((job) => job.events.length);
    expect(Math.max(...sizes)).toBe(200);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(456);
    for (const job of queue.jobs.values()) {
      expect(job.events.reduce((sum, { body }) => sum + body.length, 0)).toBeLessThanOrEqual(512 * 1024);
    }
  });

  it('counts the headers of what it puts into one job', async () => {
    const headers = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`x-${n}`, 'x'.repeat(1000)]));
    await Promise.all(Array.from({ length: 66 }, (_, n) => commit.submit(toEvent(`k${n}`, {}, { headers }))));
    // 16 values of 1,000, names of 58 in all and a body of 2 are 16,060 bytes, and 32 of them 513,920.
    expect([...queue.jobs.values()].map((job) => job.events.length)).toEqual([32, 32, 2]);
  });

  it('answers an event that is already on its way as a duplicate and sends it once', async () => {
    const [first, second] = await Promise.all([commit.submit(toEvent('a')), commit.submit(toEvent('a'))]);
    expect([first?.duplicate, second?.duplicate]).toEqual([false, true]);
    expect(queue.jobs.size).toBe(1);
  });

  it('answers an exact repeat from its mark, and a reused key with an id of its own', async () => {
    const event = toEvent('a', { n: 1 });
    await commit.submit(event);
    expect(await commit.submit(event)).toEqual({ id: event.eventId, duplicate: true });
    const other = toEvent('a', { n: 2 });
    const conflictId = toConflictEventId('default', 's', 'a', other.contentHash);
    expect(await commit.submit(other)).toEqual({ id: conflictId, duplicate: false });
    expect(queue.jobs.size).toBe(2);
    expect(queue.marks.get(event.eventId)?.contentHash).toBe(event.contentHash);
    expect(commit.head()).toMatchObject({ merged: 1 });
    const sent = [...queue.jobs.values()].flatMap(({ events }) => events);
    expect(sent.map(({ eventId, conflictOf }) => [eventId, conflictOf])).toEqual([
      [event.eventId, undefined],
      [conflictId, event.eventId],
    ]);
  });

  it('answers a repeat with its own id also while another body of its key is on its way', async () => {
    const [first, other] = [toEvent('a', { n: 1 }), toEvent('a', { n: 2 })];
    await commit.submit(first);
    const underWay = commit.submit(other);
    expect(await commit.submit(first)).toEqual({ id: first.eventId, duplicate: true });
    expect((await underWay).id).not.toBe(first.eventId);
  });

  it('compares an event with no more others, however many bodies of its key are on their way', async () => {
    let looks = 0;
    const events = Array.from({ length: 1000 }, (_, n) => {
      const { contentHash, ...event } = toEvent('a', { n });
      return Object.defineProperty({ ...event, contentHash: '' }, 'contentHash', {
        enumerable: true,
        get: () => {
          looks += 1;
          return contentHash;
        },
      });
    });
    const kept = events.map((event) => commit.submit(event));
    expect(looks).toBeLessThan(10 * events.length);
    const again = await Promise.all(events.map((event) => commit.submit(event)));
    const ids = (await Promise.all(kept)).map(({ id }) => id);
    expect(again.map(({ id }) => id)).toEqual(ids);
    expect(new Set(ids).size).toBe(events.length);
    expect(looks).toBeLessThan(20 * events.length);
  });

  it('forgets what it has answered, so that each body of a key is sent again once nothing marks it', async () => {
    const events = Array.from({ length: 3 }, (_, n) => toEvent('a', { n }));
    const first = await Promise.all(events.map((event) => commit.submit(event)));
    queue.marks.clear();
    expect(await Promise.all(events.map((event) => commit.submit(event)))).toEqual(first);
    expect(queue.jobs.size).toBe(2);
  });

  it('writes no mark when the queue did not confirm, and keeps the event in the inbox', async () => {
    queue.before = (command) => {
      if (command === 'addBatch') throw new Error('refused');
    };
    const event = toEvent('a');
    expect(await commit.submit(event)).toEqual({ id: event.eventId, duplicate: false });
    expect(queue.marks.size).toBe(0);
    expect(store.inbox.size).toBe(1);
    expect(store.receipts.get('i-1')).toMatchObject({ state: 'void' });
    expect(commit.head()).toMatchObject({ seq: 1, events: 0 });
  });

  it('answers and marks nothing before the queue has confirmed', async () => {
    const reply = Promise.withResolvers<void>();
    queue.after = () => reply.promise;
    const answers: Kept[] = [];
    const kept = commit.submit(toEvent('a')).then((answer) => answers.push(answer));
    await vi.waitFor(() => expect(queue.jobs.size).toBe(1));
    expect(answers).toEqual([]);
    expect(queue.marks.size).toBe(0);
    reply.resolve();
    await kept;
    expect(queue.marks.size).toBe(1);
  });

  it.each(['queue', 'inbox', 'none'])('answers in the end whatever fails beside (%s)', async (by) => {
    const faults = catchFaults();
    const onBatch = () => {
      throw new Error('not told');
    };
    const away = () => Promise.reject(new Error('away'));
    queue.before = by === 'queue' ? () => undefined : away;
    const inbox = by === 'none' ? { insert: away } : store;
    commit = createGroupCommit({ instance: 'i', queue, inbox, now: () => nowMs, onBatch });
    const keys = ['a', 'b'];
    const kept = await Promise.allSettled(keys.map((key) => commit.submit(toEvent(key))));
    expect(kept.map(({ status }) => status)).toEqual(
      keys.map(() => (by === 'none' ? 'rejected' : 'fulfilled')),
    );
    expect([queue.jobs.size, store.inbox.size]).toEqual([by === 'queue' ? 1 : 0, by === 'inbox' ? 2 : 0]);
    await vi.waitFor(() => expect(faults).toEqual([new Error('not told')]));
    await commit.close();
  });

  it('answers what the queue has, and once, when its marks cannot be sent', async () => {
    const faults = catchFaults();
    queue.writeMarks = () => {
      throw new Error('no marks');
    };
    expect(await commit.submit(toEvent('a'))).toMatchObject({ duplicate: false });
    expect([queue.jobs.size, store.inbox.size]).toEqual([1, 0]);
    expect(commit.head()).toMatchObject({ seq: 1, events: 1 });
    await vi.waitFor(() => expect(faults).toEqual([new Error('no marks')]));
  });

  it('treats a lost reply as not done: the event is in both stores under one id', async () => {
    queue.after = () => {
      throw new Error('reply lost');
    };
    await commit.submit(toEvent('a'));
    expect(queue.jobs.size).toBe(1);
    expect(store.inbox.size).toBe(1);
  });

  it('leaves a failed queue alone for a second, then tries it again', async () => {
    let adds = 0;
    queue.before = (command) => {
      adds += 1;
      if (command === 'readMarks' && adds === 1) throw new Error('silent');
    };
    await commit.submit(toEvent('a'));
    await commit.submit(toEvent('b'));
    expect(adds).toBe(1);
    nowMs = 1001;
    await commit.submit(toEvent('c'));
    expect(queue.jobs.size).toBe(1);
    expect(store.inbox.size).toBe(2);
  });

  it('tries a failed queue again after a second, whatever the clock of the machine is set to', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const running = createGroupCommit({ instance: 'i', queue, inbox: store });
    queue.before = () => {
      throw new Error('silent');
    };
    await running.submit(toEvent('a'));
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(1001);
    queue.before = () => undefined;
    await running.submit(toEvent('b'));
    expect([queue.jobs.size, store.inbox.size]).toEqual([1, 1]);
  });

  it('asks the queue no more for an event that has waited too long, and keeps it in the inbox', async () => {
    let second: Promise<Kept> | undefined;
    queue.before = (command) => {
      second ??= commit.submit(toEvent('b'));
      if (command === 'addBatch') nowMs = 901;
    };
    await commit.submit(toEvent('a'));
    await second;
    expect([...queue.jobs.keys()]).toEqual(['b-i-1']);
    expect([...store.inbox.values()].map(({ event }) => event.idempotencyKey)).toEqual(['b']);
  });

  it('sends what arrives while the inbox is written as one batch, when the queue is away', async () => {
    queue.before = () => {
      throw new Error('away');
    };
    const written: number[] = [];
    const insert: ModelStore['insert'] = async (batch) => {
      await new Promise((resolve) => setImmediate(resolve));
      written.push(batch.events.length);
      return store.insert(batch);
    };
    commit = createGroupCommit({ instance: 'i', queue, inbox: { insert }, now: () => nowMs });
    await commit.submit(toEvent('first'));
    await Promise.all(Array.from({ length: 150 }, (_, n) => commit.submit(toEvent(`k${n}`))));
    expect(written).toEqual([1, 150]);
  });

  it('does not begin to write what could not be answered in time', async () => {
    queue.before = () => {
      throw new Error('away');
    };
    let second: Promise<Kept> | undefined;
    const insert: ModelStore['insert'] = async (batch) => {
      second ??= commit.submit(toEvent('b'));
      nowMs += 1401;
      return store.insert(batch);
    };
    commit = createGroupCommit({ instance: 'i', queue, inbox: { insert }, now: () => nowMs });
    await commit.submit(toEvent('a'));
    await expect(second).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    expect(store.inbox.size).toBe(1);
  });

  it('answers 503 when neither store takes it, and voids the number later', async () => {
    queue.before = () => {
      throw new Error('away');
    };
    const insert = store.insert;
    store.insert = () => Promise.reject(new Error('away'));
    await expect(commit.submit(toEvent('a'))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    expect(commit.head()).toMatchObject({ seq: 0, events: 0 });
    store.insert = insert;
    await commit.voidUnconfirmed();
    expect(store.receipts.get('i-1')).toMatchObject({ state: 'void', accepted: 0 });
    expect(commit.head()).toMatchObject({ seq: 1, events: 0 });
  });

  it('refuses what it could not hold while the stores are slow, and takes more once they have answered', async () => {
    const gate = Promise.withResolvers<void>();
    queue.before = () => gate.promise;
    const options = { instance: 'i', queue, inbox: store, now: () => nowMs, maxWaitingBytes: 3000 };
    commit = createGroupCommit(options);
    const big = 'x'.repeat(1000);
    const [first, second] = [commit.submit(toEvent('a', { big })), commit.submit(toEvent('b', { big }))];
    await expect(commit.submit(toEvent('c', { big }))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    gate.resolve();
    await Promise.all([first, second]);
    expect(await commit.submit(toEvent('c', { big }))).toMatchObject({ duplicate: false });
  });

  it('refuses headers that it could not hold, and is free of them once they are answered', async () => {
    commit = createGroupCommit({
      instance: 'i',
      queue,
      inbox: store,
      now: () => nowMs,
      maxWaitingBytes: 3000,
    });
    const headers = { 'x-long': 'x'.repeat(1400) };
    for (let round = 0; round < 3; round += 1) {
      const [first, second, third] = ['a', 'b', 'c'].map((key) =>
        commit.submit(toEvent(`${key}${round}`, {}, { headers })),
      );
      await expect(third).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
      expect(await Promise.all([first, second])).toHaveLength(2);
    }
  });

  it('answers everything in hand before it closes and refuses what comes after', async () => {
    const kept = [commit.submit(toEvent('a')), commit.submit(toEvent('b')), commit.submit(toEvent('c'))];
    await commit.close();
    expect(await Promise.all(kept)).toHaveLength(3);
    await expect(commit.submit(toEvent('d'))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
  });
});

/** Collects what would end the process, until the test is over. */
function catchFaults(): readonly unknown[] {
  const faults: unknown[] = [];
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (error) => faults.push(error));
  onTestFinished(() => {
    process.removeAllListeners('unhandledRejection');
    for (const listener of others) process.on('unhandledRejection', listener);
  });
  return faults;
}
