import type { EventsJob } from '@sluice/contracts/queues';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { beforeEach, describe, expect, it } from 'vitest';
import { toEvent } from '../test/models/events.ts';
import { assertBalanced } from '../test/models/model-store.ts';
import {
  createNormalize,
  createSettling,
  type Settling,
  toBatch,
  toJob,
  toSingle,
} from '../test/models/settling.ts';
import { createBulkWriter } from './bulk-writer.ts';
import { createJobSettler } from './settle-job.ts';

const DAY_MS = 24 * 3_600_000;

describe('settling a job', () => {
  let queue: Settling['queue'];
  let store: Settling['store'];
  let settle: Settling['settle'];
  let nowMs = Date.parse('2026-01-01T00:00:01Z');
  let known: number[];

  let fetchOnly: Settling['fetchOnly'];
  const normalize = createNormalize(() => known);

  beforeEach(() => {
    known = [1, 2];
    ({ queue, store, settle, fetchOnly } = createSettling({ known: () => known, now: () => nowMs }));
  });

  it('stores a batch with its receipt and is done', async () => {
    const result = await settle(toBatch([toEvent('a'), toEvent('b', { n: 2 })]));
    expect(result).toEqual({ kind: 'done' });
    expect(store.normalized.size).toBe(2);
    expect(store.receipts.get('i-1')).toMatchObject({ accepted: 2, merged: 0, state: 'settled' });
    assertBalanced(store);
  });

  it('changes nothing when a batch runs again after a crash', async () => {
    const job = toBatch([toEvent('a'), toEvent('b', { n: 2 })]);
    await settle(job);
    const before = [...store.raw];
    await settle(job);
    expect([...store.raw]).toEqual(before);
    assertBalanced(store);
  });

  it('counts an event once that its batch holds twice', async () => {
    await settle(toBatch([toEvent('a'), toEvent('a')]));
    expect(store.receipts.get('i-1')).toMatchObject({ accepted: 1, merged: 1 });
    assertBalanced(store);
  });

  it('resolves two semantic twins of one bulk against the owner that is stored', async () => {
    await settle(toBatch([toEvent('a', { hash: 'h', x: 1 }), toEvent('b', { hash: 'h', x: 2 })]));
    const [owner] = store.normalized.values();
    const duplicate = [...store.raw.values()].find(({ status }) => status === 'duplicate');
    expect(store.normalized.size).toBe(1);
    expect(duplicate?.duplicateOf).toBe(owner?._id);
    assertBalanced(store);
  });

  it('resolves twins of two writers, of which one is second', async () => {
    const second = createBulkWriter({ store, worker: 'x', now: () => nowMs, soon: queueMicrotask });
    const settleSecond = createJobSettler({ writer: second, queue, normalize, now: () => nowMs });
    const other = toBatch([toEvent('b', { hash: 'h', x: 2 })]);
    await Promise.all([
      settle(toBatch([toEvent('a', { hash: 'h', x: 1 })])),
      settleSecond({ ...other, data: { ...other.data, seq: 2 } }),
    ]);
    expect(store.normalized.size).toBe(1);
    expect([...store.raw.values()].map(({ status }) => status).sort()).toEqual(['duplicate', 'normalized']);
    assertBalanced(store);
  });

  it('lets a failed event leave its batch and succeed alone', async () => {
    await settle(toBatch([toEvent('a', {}, { simulate: true }), toEvent('b', { n: 2 })]));
    expect(store.normalized.size).toBe(1);
    const job = fetchOnly();
    expect(job.data.single).toEqual({ run: 0, attemptsBefore: 1, reason: 'failed' });
    expect(await settle(job)).toEqual({ kind: 'done' });
    expect(store.normalized.size).toBe(2);
    assertBalanced(store);
  });

  it('retries with counted attempts, then the event is dead and forgotten by ingest', async () => {
    const event = toEvent('a', {}, { simulate: 'all' });
    queue.marks.set(event.eventId, { jobId: 'b-i-1', contentHash: event.contentHash });
    await settle(toBatch([event]));
    expect(await settle(fetchOnly())).toMatchObject({ kind: 'retry' });
    expect(store.raw.get(event.eventId)).toMatchObject({ status: 'failed', attempts: 2 });
    expect(await settle(fetchOnly({ attemptsMade: 1 }))).toMatchObject({ kind: 'dead' });
    const raw = store.raw.get(event.eventId);
    expect(raw).toMatchObject({ status: 'dead', attempts: 3, code: 'ERR_SIMULATED' });
    expect(raw?.history?.map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual([
      '1 failed',
      '2 failed',
      '3 dead',
    ]);
    expect(queue.marks.size).toBe(0);
  });

  it('files a refused payload as a job that fails at once, and runs it when a person retries', async () => {
    const event = toEvent('a', { poison: true });
    await settle(toBatch([event]));
    expect(store.raw.get(event.eventId)).toMatchObject({ status: 'dead', code: 'ERR_FIELD_REQUIRED' });
    const filed = fetchOnly();
    expect(await settle(filed)).toMatchObject({ kind: 'dead', message: expect.stringContaining('amount') });
    expect(store.raw.get(event.eventId)).toMatchObject({ attempts: 1 });
    known.push(99);
    const single = { run: 5, attemptsBefore: 0, reason: 'replay' as const };
    await settle({ ...filed, data: { ...filed.data, single } });
    expect(store.raw.get(event.eventId)).toMatchObject({ status: 'dead', run: 5, attempts: 1 });
  });

  it('forgets a dead event of a batch, so that sending it again runs it again', async () => {
    const [dead, good] = [toEvent('a', { poison: true }), toEvent('b')];
    for (const { eventId, contentHash } of [dead, good]) {
      queue.marks.set(eventId, { jobId: 'b-i-1', contentHash });
    }
    await settle(toBatch([dead, good]));
    expect([...queue.marks.keys()]).toEqual([good.eventId]);
  });

  it('leaves a dead event alone that a later poll reads again, but files its job when the same one runs again', async () => {
    const event = toEvent('a', { poison: true }, { via: 'poll' });
    const batch = toBatch([event]);
    await settle(batch);
    const before = { ...store.raw.get(event.eventId) };
    queue.jobs.clear();
    await settle(toJob('b-i-2', { ...batch.data, seq: 2 }));
    expect(queue.jobs.size).toBe(0);
    expect(store.raw.get(event.eventId)).toEqual(before);
    expect(store.receipts.get('i-2')).toMatchObject({ accepted: 0, merged: 1 });
    await settle(batch);
    expect(fetchOnly().data.single).toMatchObject({ run: before.run, reason: 'dead' });
    // Out of the inbox it cannot be told whether it is the same delivery: its job is the same in any case.
    queue.jobs.clear();
    const single = { run: 0, attemptsBefore: 0, reason: 'inbox' as const };
    await settle(toJob('x', { ...batch.data, single }));
    expect(fetchOnly().data.single).toMatchObject({ run: before.run, reason: 'dead' });
    assertBalanced(store);
  });

  it('parks events of an unknown version per version, and a worker that knows it takes them on', async () => {
    const batch = toBatch([toEvent('a', {}, { schemaVersion: 3 }), toEvent('b', { n: 2 })]);
    await settle(batch);
    const parked = fetchOnly();
    expect(parked.id).toBe('b-i-1-p3');
    expect(await settle(parked)).toMatchObject({ kind: 'park', data: { park: { version: 3, count: 2 } } });
    expect([...store.raw.values()].map(({ attempts }) => attempts).sort()).toEqual([0, 1]);
    known = [1, 2, 3];
    expect(await settle(parked)).toEqual({ kind: 'done' });
    expect(store.normalized.size).toBe(2);
    assertBalanced(store);
  });

  it('gives an unknown version up after the longest time to park', async () => {
    const event = toEvent('a', {}, { schemaVersion: 3 });
    await settle(toBatch([event]));
    const parked = fetchOnly();
    nowMs += DAY_MS + 1;
    queue.jobs.clear();
    expect(await settle(parked)).toEqual({ kind: 'done' });
    const message = expect.stringContaining('The last one said: This worker does not know schema version 3.');
    expect(store.raw.get(event.eventId)).toMatchObject({
      status: 'dead',
      code: 'ERR_VERSION_UNKNOWN',
      message,
    });
    expect(fetchOnly().data.single).toMatchObject({ reason: 'dead', message });
  });

  it('stores the events of a stalled batch unread and gives each a job of its own', async () => {
    await settle(toBatch([toEvent('a'), toEvent('b', { n: 2 })], { stalledCount: 1 }));
    expect([...store.raw.values()].map(({ status }) => status)).toEqual(['pending', 'pending']);
    expect(store.receipts.get('i-1')).toMatchObject({ accepted: 2 });
    const jobs = [...queue.jobs];
    for (const [id, data] of jobs) await settle(toJob(id, data));
    expect(store.normalized.size).toBe(2);
    assertBalanced(store);
  });

  it('gives each of parked events on which a worker died a job of its own, unread, as long parked as before', async () => {
    const events = [toEvent('a', {}, { schemaVersion: 3 }), toEvent('b', { n: 2 }, { schemaVersion: 3 })];
    await settle(toBatch(events));
    const parked = fetchOnly({ stalledCount: 1 });
    queue.jobs.clear();
    known = [1, 2, 3];
    const { since } = parked.data.park ?? {};
    nowMs += 60_000;
    expect(await settle(parked)).toEqual({ kind: 'done' });
    expect(store.normalized.size).toBe(0);
    expect([...queue.jobs.values()]).toMatchObject(
      events.map(({ eventId }) => ({
        ...{ events: [{ eventId }], single: { reason: 'stalled', attemptsBefore: 0 }, park: { since } },
      })),
    );
    // One of them is still unknown to the worker that takes it, the other is not.
    const [[idA, jobA], [idB, jobB]] = [...queue.jobs] as [[string, EventsJob], [string, EventsJob]];
    known = [1, 2];
    expect(await settle(toJob(idA, jobA))).toMatchObject({
      kind: 'park',
      data: { park: { since, count: 2 } },
    });
    known = [1, 2, 3];
    expect(await settle(toJob(idB, jobB))).toEqual({ kind: 'done' });
    expect(store.normalized.size).toBe(1);
    assertBalanced(store);
  });

  it('makes a single job dead that stalled five times, four of them alone', async () => {
    const event = toEvent('a');
    const data = toSingle(event, { reason: 'stalled', begunAlone: 4 });
    expect(await settle(toJob('x', data, { stalledCount: 5 }))).toMatchObject({ kind: 'dead' });
    expect(store.raw.get(event.eventId)).toMatchObject({ status: 'dead', code: 'ERR_STALLED' });
  });

  it('spares a single job that stalled five times beside others', async () => {
    const event = toEvent('a');
    const data = toSingle(event, { reason: 'stalled', begunAlone: 3 });
    expect(await settle(toJob('x', data, { stalledCount: 9 }))).toEqual({ kind: 'done' });
    expect(store.raw.get(event.eventId)).toMatchObject({ status: 'normalized' });
  });

  it('runs a dead event again that comes out of the inbox, under jobs of its own', async () => {
    const event = toEvent('a', { poison: true });
    await settle(toBatch([event]));
    const dead = fetchOnly().id;
    const inbox = toJob('inbox-x', toSingle(event, { reason: 'inbox' }));
    expect(await settle(inbox)).toEqual({ kind: 'done' });
    const run = Date.parse(event.receivedAt);
    expect(store.raw.get(event.eventId)).toMatchObject({ status: 'dead', run });
    expect([...queue.jobs.keys()]).toEqual([dead, dead.replace(/0$/, String(run))]);
    // The same row again, after a crash, begins no further run.
    await settle(inbox);
    expect(store.raw.get(event.eventId)).toMatchObject({ status: 'dead', run });
    expect(queue.jobs.size).toBe(2);
  });

  it('goes on with a dead event that was sent again in a batch on which a worker died', async () => {
    const event = toEvent('a', { poison: true });
    await settle(toBatch([event]));
    queue.jobs.clear();
    const again = { ...toBatch([event]).data, seq: 2 };
    await settle(toJob('b-i-2', again, { stalledCount: 1 }));
    expect(store.raw.get(event.eventId)).toMatchObject({ status: 'pending' });
    const { run } = store.raw.get(event.eventId) ?? {};
    expect(fetchOnly().data.single).toMatchObject({ run, reason: 'stalled' });
    expect(await settle(fetchOnly())).toMatchObject({ kind: 'dead' });
  });

  it('goes on with a dead event that was sent again and parked', async () => {
    const event = toEvent('a', { poison: true });
    await settle(toBatch([event]));
    queue.jobs.clear();
    known = [1];
    const newer = { ...event, schemaVersion: 2 };
    await settle(toJob('b-i-2', { ...toBatch([newer]).data, seq: 2 }));
    known = [1, 2];
    const parked = fetchOnly();
    queue.jobs.clear();
    expect(await settle(parked)).toEqual({ kind: 'done' });
    expect(store.raw.get(event.eventId)).toMatchObject({ status: 'dead' });
    expect(fetchOnly().data.single).toMatchObject({ reason: 'dead' });
  });

  it('holds while MongoDB is away and counts nothing', async () => {
    store.beforeCommit = () => {
      throw new DependencyAwayError('mongodb', 'no primary');
    };
    expect(await settle(toBatch([toEvent('a')]))).toEqual({
      kind: 'hold',
      reason: 'no primary',
      isBusy: false,
    });
    expect(store.raw.size).toBe(0);
  });

  it('holds only the job whose documents others keep to themselves, and settles the others of its bulk', async () => {
    const locked = toEvent('locked', { n: 1 });
    let isLocked = true;
    const commit: Settling['store']['commit'] = async (plan) =>
      isLocked && plan.rawInserts.some(({ _id }) => _id === locked.eventId) ? 'conflict' : store.commit(plan);
    const busy = { lookUp: store.lookUp, readRecords: store.readRecords, commit };
    const writer = createBulkWriter({ store: busy, worker: 'w', now: () => nowMs, soon: queueMicrotask });
    settle = createJobSettler({ writer, queue, normalize, now: () => nowMs });
    const job = toBatch([toEvent('a', { n: 2 }), locked]);
    const other = toBatch([toEvent('c', { n: 3 })]);
    const results = await Promise.all([settle(job), settle({ ...other, data: { ...other.data, seq: 2 } })]);
    expect(results).toMatchObject([{ kind: 'hold', isBusy: true }, { kind: 'done' }]);
    expect([...store.receipts.keys()]).toEqual(['i-2']);
    isLocked = false;
    expect(await settle(job)).toEqual({ kind: 'done' });
    assertBalanced(store);
  });

  it('lets only the event fail that MongoDB refuses to store', async () => {
    const bad = toEvent('bad', { n: 1 });
    store.beforeCommit = (plan) => {
      if (plan.normalized.some(({ _id }) => _id === bad.eventId)) throw new Error('document refused');
    };
    await settle(toBatch([toEvent('a'), bad, toEvent('c', { n: 3 }), toEvent('d', { n: 4 })]));
    expect(store.normalized.size).toBe(3);
    expect(store.raw.get(bad.eventId)).toMatchObject({ status: 'failed', code: 'ERR_UNEXPECTED' });
    expect(fetchOnly().data.events[0]?.eventId).toBe(bad.eventId);
    assertBalanced(store);
  });

  it('adds the jobs of its own events before it is done, also when it crashed in between', async () => {
    let crash = true;
    queue.before = (command) => {
      if (command === 'addSplit' && crash) throw new DependencyAwayError('redis', 'cut');
    };
    const job = toBatch([toEvent('a', {}, { simulate: true })]);
    expect(await settle(job)).toMatchObject({ kind: 'hold' });
    crash = false;
    expect(await settle(job)).toEqual({ kind: 'done' });
    expect(queue.jobs.size).toBe(1);
    assertBalanced(store);
  });

  it('settles the void receipt of a batch that reached the queue after all, and the inbox row counts nothing', async () => {
    const event = toEvent('a');
    await store.insert({ instance: 'i', seq: 1, events: [event] });
    await settle(toBatch([event]));
    expect(store.receipts.get('i-1')).toMatchObject({ state: 'settled', accepted: 1 });
    const single = { run: 0, attemptsBefore: 0, reason: 'inbox' as const };
    await settle({ ...toBatch([event]), id: 'x', data: { ...toBatch([event]).data, single } });
    expect(store.inbox.size).toBe(0);
    assertBalanced(store);
  });

  it('counts an inbox row that was stored first directly, and the late batch as merged', async () => {
    const event = toEvent('a');
    await store.insert({ instance: 'i', seq: 1, events: [event] });
    const single = { run: 0, attemptsBefore: 0, reason: 'inbox' as const };
    await settle({ ...toBatch([event]), id: 'x', data: { ...toBatch([event]).data, single } });
    await settle(toBatch([event]));
    expect(store.receipts.get('i-1')).toMatchObject({ accepted: 0, merged: 1 });
    assertBalanced(store);
  });
});
