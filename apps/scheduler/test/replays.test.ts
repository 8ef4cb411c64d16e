import { randomBytes } from 'node:crypto';
import type { AcceptedEvent } from '@sluice/contracts/event';
import { type DeadFilter, type OperationDocument, toReplayJobId } from '@sluice/contracts/operations';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { createTestNames } from '@sluice/local/test-names';
import { createNormalizer } from '@sluice/normalizer/normalize';
import { readPayload } from '@sluice/normalizer/read-payload';
import { toAcceptedEvent } from '@sluice/protocol/accepted-event';
import { createBulkWriter } from '@sluice/protocol/bulk-writer';
import { RefusedPayloadError } from '@sluice/protocol/failure';
import type { SplitJob } from '@sluice/protocol/ports';
import { createJobSettler } from '@sluice/protocol/settle-job';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { createEventsWorker } from '@sluice/queue/events-worker';
import { createLogger } from '@sluice/runtime/logger';
import { createMetrics } from '@sluice/runtime/metrics';
import { toCollection } from '@sluice/store/collections';
import { createDeadLetters } from '@sluice/store/dead-letters';
import { createEventStore } from '@sluice/store/event-store';
import { createOperations, type OperationChange } from '@sluice/store/operations';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import type { SchedulerOptions } from '../src/app.ts';
import { createSchedulerMetrics } from '../src/scheduler-metrics.ts';
import { openPlace, startScheduler } from './scheduler.ts';

const SOON = { timeout: 30_000, interval: 50 };
const logger = createLogger({ app: 'scheduler', instance: 'test', level: 'silent' });
const normalizer = createNormalizer({ supportedVersions: [1] });

/** A database, a queue, and in it a worker whose events die of their first failure. */
async function useWorkplace() {
  const { prefix, mongoUrl } = createTestNames();
  const names = { prefix, mongoUrl, redisUrl: inject('redisUrl') };
  const place = await openPlace(names);
  const queue = createEventsProducer({ ...names, logger });
  const { store } = place;
  const operations = createOperations(store);
  const raw = toCollection(store, 'raw_events');
  const settle = createJobSettler({
    writer: createBulkWriter({ store: createEventStore(store), worker: 'worker', now: Date.now }),
    ...{ queue, normalize, now: Date.now, attempts: 1 },
  });
  const worker = createEventsWorker({ ...names, logger, backoffMs: () => 100, process: settle });
  onTestFinished(async () => {
    await worker.close({ deadlineMs: 5000 });
    await queue.close();
    await place.close();
  });
  await vi.waitFor(() => queue.ping());

  return {
    ...{ names, queue, raw, inspector: place.inspector, leases: toCollection(store, 'leases') },
    operations: toCollection(store, 'operations'),
    /** Stores dead letters; those that are to die again do so whenever they are run. */
    async kill(count: number, simulate: AcceptedEvent['simulate'] = 1): Promise<string[]> {
      const events = Array.from({ length: count }, () => toEvent(simulate));
      await queue.addBatch(`b-${prefix}-${Math.random()}`, {
        ...{ envelope: 1, instance: `${prefix}-${Math.random()}`, seq: 1, events },
      });
      const ids = events.map(({ eventId }) => eventId);
      await vi.waitFor(async () => {
        expect(await raw.countDocuments({ _id: { $in: ids }, status: 'dead' })).toBe(count);
      }, SOON);
      return ids;
    },
    startScheduler: (name: string, wrap?: (options: SchedulerOptions) => SchedulerOptions) =>
      startScheduler(names, `${name}-${prefix}`, [], (options) => {
        const fast = { ...options, operationsLeaseMs: 1500 };
        return wrap === undefined ? fast : wrap(fast);
      }),
    async replay(filter: Partial<DeadFilter> = {}, fields: Partial<OperationDocument> = {}): Promise<string> {
      const watermark = new Date();
      const whole = { status: 'dead', ...filter } as const;
      const plan = await createDeadLetters(store).plan('default', whole, watermark);
      const operation: OperationDocument = {
        ...{ _id: `op_${randomBytes(12).toString('hex')}`, tenant: 'default', kind: 'replay', event: null },
        ...{ state: 'planned', stateReason: null, open: true, filter: whole, watermark, plan },
        ...{ planned: plan.count, claimed: 0, frozenAt: null, ratePerSecond: 500, stopAtFailureShare: 1 },
        ...{ reason: 'a test', actor: 'tester', createdAt: watermark, endedAt: null, currentPerSecond: 0 },
        ...{ waitingFor: null, judgedFrom: { outcomes: 0, failedAgain: 0 }, moves: 0, fence: 0 },
        ...fields,
      };
      expect(await operations.create(operation)).toBe('created');
      return operation._id;
    },
    steer: (id: string, change: OperationChange) => operations.change('default', id, change, new Date()),
    readProgress: (id: string) => operations.readProgress(id),
    find: (id: string) => operations.get('default', 'replay', id),
    /** Waits until an operation is as expected, and returns it. */
    until: (id: string, expected: object) =>
      vi.waitFor(async () => {
        const found = await toCollection(store, 'operations').findOne({ _id: id });
        expect(found).toMatchObject(expected);
        return found as OperationDocument;
      }, SOON),
  };
}

function toEvent(simulate: AcceptedEvent['simulate']): AcceptedEvent {
  const payload = { n: randomBytes(8).toString('hex') };
  return toAcceptedEvent({
    ...{ tenant: 'default', source: 'shop', via: 'api', form: 'payload', headers: {}, exact: true, payload },
    ...{ contentType: 'application/json', body: Buffer.from(JSON.stringify(payload)), key: null },
    ...{ type: undefined, schemaVersion: 1, simulate, receivedAtMs: Date.now() },
  });
}

function normalize({ contentHash, tenant, source, schemaVersion, receivedAt, ...event }: AcceptedEvent) {
  const payload = readPayload(event);
  const result = normalizer.normalize({ contentHash, tenant, source, payload, schemaVersion, receivedAt });
  if (result.kind === 'record') return result.record;
  throw new RefusedPayloadError('ERR_PAYLOAD_UNPARSABLE', 'It is refused.');
}

it('replays each event of the plan once, and nothing that dies later, no faster than its rate', async () => {
  const work = await useWorkplace();
  const ids = await work.kill(60);
  const id = await work.replay({}, { ratePerSecond: 30 });
  const late = await work.kill(3);
  const startedMs = performance.now();
  const metrics = createMetrics({ app: 'scheduler', instance: 'test' });
  const scheduler = await work.startScheduler('scheduler', (options) => {
    return { ...options, metrics: createSchedulerMetrics(metrics) };
  });
  const done = await work.until(id, { state: 'done', planned: 60 });
  expect(performance.now() - startedMs).toBeGreaterThan(1500);
  expect(done.progress).toEqual({
    ...{ enqueued: 60, succeeded: 60, duplicate: 0, failedAgain: 0, inFlight: 0, remaining: 0 },
  });
  expect(done).not.toHaveProperty('open');
  for (const result of ['enqueued', 'succeeded']) {
    expect(await metrics.read()).toMatch(
      new RegExp(`^sluice_operation_events_total\\{kind="replay",result="${result}".*\\} 60$`, 'm'),
    );
  }
  const replayed = await work.raw.find({ 'replay.operation': id }).toArray();
  expect(replayed.map(({ _id }) => _id).sort()).toEqual(ids.toSorted());
  expect(replayed.every(({ status, attempts }) => status === 'normalized' && attempts === 1)).toBe(true);
  expect(await work.raw.countDocuments({ _id: { $in: late }, status: 'dead', run: 0 })).toBe(3);
  await scheduler.close();
  const lease = await work.leases.findOne({ _id: 'operations' });
  expect(lease?.holder ?? null).toBeNull();
});

it('stops when it is paused, goes on where it was, and leaves the rest alone when it is cancelled', async () => {
  const work = await useWorkplace();
  await work.kill(80);
  const id = await work.replay({}, { ratePerSecond: 20 });
  const scheduler = await work.startScheduler('scheduler');
  const enqueued = async () => (await work.readProgress(id)).enqueued;
  await vi.waitFor(async () => expect(await enqueued()).toBeGreaterThan(5), SOON);
  await work.steer(id, { to: 'paused', stateReason: 'Paused by me.' });
  const paused = await enqueued();
  await vi.waitFor(async () => expect((await work.readProgress(id)).succeeded).toBe(paused), SOON);
  expect(await enqueued()).toBe(paused);
  await work.steer(id, { to: 'running', judgedFrom: { outcomes: paused, failedAgain: 0 } });
  await vi.waitFor(async () => expect(await enqueued()).toBeGreaterThan(paused + 5), SOON);
  await work.steer(id, { to: 'cancelled', stateReason: 'Cancelled by me.' });
  const cancelled = await enqueued();
  await vi.waitFor(async () => expect(await work.find(id)).not.toHaveProperty('open'), SOON);
  expect(await work.find(id)).toMatchObject({
    ...{ state: 'cancelled', progress: { enqueued: cancelled, succeeded: cancelled, remaining: 0 } },
  });
  expect(await work.raw.countDocuments({ status: 'dead', replay: { $exists: false } })).toBe(80 - cancelled);
  // What was left is free for the next one.
  const next = await work.replay();
  await work.until(next, { state: 'done', planned: 80 - cancelled });
  expect(await work.raw.countDocuments({ status: 'normalized' })).toBe(80);
  await scheduler.close();
});

it('pauses itself when too many fail again, and tells which', async () => {
  const work = await useWorkplace();
  const ids = await work.kill(60, 'all');
  const id = await work.replay({}, { ratePerSecond: 25, stopAtFailureShare: 0.5 });
  const scheduler = await work.startScheduler('scheduler');
  const paused = await work.until(id, { state: 'paused' });
  expect(paused.stateReason).toMatch(/^\d+ of \d+ events failed again\./);
  const { remaining, failedAgain, inFlight } = await work.readProgress(id);
  expect(remaining).toBeGreaterThan(0);
  await work.steer(id, { to: 'running', judgedFrom: { outcomes: 1000, failedAgain: 1000 } });
  const done = await work.until(id, { state: 'done', progress: { failedAgain: 60, remaining: 0 } });
  expect(done.failedAgainIds?.toSorted()).toEqual(ids.toSorted());
  expect(failedAgain + inFlight + remaining).toBe(60);
  await scheduler.close();
});

it('adds what a scheduler has taken and never put into the queue, once', async () => {
  const work = await useWorkplace();
  const ids = await work.kill(40);
  const added: string[] = [];
  const crash = Promise.withResolvers<void>();
  // It takes events, and dies before Redis hears of half of them.
  const first = await work.startScheduler('first', (options) => ({
    ...options,
    queue: {
      ...options.queue,
      async addSplit(jobs) {
        const half = jobs.slice(0, Math.floor(jobs.length / 2));
        await options.queue.addSplit(half);
        crash.resolve();
        throw new DependencyAwayError('redis', 'The connection broke.');
      },
    },
    inspector: { hasJobs: () => Promise.reject(new DependencyAwayError('redis', 'It is gone.')) },
  }));
  const id = await work.replay({}, { ratePerSecond: 40 });
  await crash.promise;
  await first.close();
  const stranded = (await work.readProgress(id)).inFlight;
  const second = await work.startScheduler('second', (options) => ({
    ...options,
    queue: {
      ...options.queue,
      async addSplit(jobs) {
        added.push(...jobs.map(({ jobId }) => jobId));
        await options.queue.addSplit(jobs);
      },
    },
  }));
  const done = await work.until(id, { state: 'done', progress: { succeeded: 40, enqueued: 40 } });
  expect(stranded).toBeGreaterThan(0);
  expect(new Set(added).size).toBe(added.length);
  expect(added.every((jobId) => ids.some((eventId) => jobId === toReplayJobId(eventId, done._id)))).toBe(
    true,
  );
  expect(await work.raw.countDocuments({ attempts: 1, status: 'normalized' })).toBe(40);
  await second.close();
});

it('goes on after Redis has lost every job', async () => {
  const work = await useWorkplace();
  const ids = await work.kill(5);
  const scheduler = await work.startScheduler('scheduler', (options) => ({
    ...options,
    // Redis takes the jobs and forgets them.
    queue: { ...options.queue, addSplit: async () => undefined },
  }));
  const id = await work.replay();
  await vi.waitFor(async () => expect((await work.readProgress(id)).inFlight).toBe(5), SOON);
  await scheduler.close();
  const next = await work.startScheduler('next');
  await work.until(id, { state: 'done', progress: { succeeded: 5 } });
  expect(await work.raw.countDocuments({ _id: { $in: ids }, status: 'normalized' })).toBe(5);
  await next.close();
});

it('discards what the filter finds, and a replay brings it back', async () => {
  const work = await useWorkplace();
  const [first = ''] = await work.kill(3);
  const discard = await work.replay({}, { kind: 'discard' });
  const metrics = createMetrics({ app: 'scheduler', instance: 'test' });
  const scheduler = await work.startScheduler('scheduler', (options) => {
    return { ...options, metrics: createSchedulerMetrics(metrics) };
  });
  await vi.waitFor(async () => {
    expect(await work.raw.countDocuments({ 'discarded.reason': 'a test', status: 'dead' })).toBe(3);
  }, SOON);
  expect(discard).toMatch(/^op_/);
  const counted = /^sluice_operation_events_total\{kind="discard",result="discarded".*\} 3$/m;
  await vi.waitFor(async () => expect(await metrics.read()).toMatch(counted), SOON);
  const nothing = await work.replay();
  await work.until(nothing, { state: 'done', planned: 0 });
  const one = await work.replay({ ids: [first] }, { event: first });
  await work.until(one, { state: 'done', progress: { succeeded: 1 } });
  expect(await work.raw.findOne({ _id: first })).not.toHaveProperty('discarded');
  await scheduler.close();
});

it('is cancelled while its first events are in flight, and counts what came of them', async () => {
  const work = await useWorkplace();
  await work.kill(20, 'all');
  const held: SplitJob[] = [];
  const counts: number[] = [];
  const scheduler = await work.startScheduler('scheduler', (options) => ({
    ...options,
    operationSets: {
      ...options.operationSets,
      async readProgress(operation) {
        const progress = await options.operationSets.readProgress(operation);
        counts.push(progress.inFlight);
        return progress;
      },
    },
    queue: {
      ...options.queue,
      async addSplit(jobs) {
        held.push(...jobs);
        await work.steer(id, { to: 'cancelled', stateReason: 'Cancelled by me.' });
      },
    },
  }));
  const id = await work.replay({}, { ratePerSecond: 20 });
  await vi.waitFor(() => expect(counts.at(-1)).toBeGreaterThan(0), SOON);
  const taken = held.length;
  await work.queue.addSplit(held);
  const progress = { enqueued: taken, failedAgain: taken, inFlight: 0 };
  const cancelled = await work.until(id, { state: 'cancelled', progress });
  expect(cancelled).not.toHaveProperty('open');
  expect(cancelled.failedAgainIds).toHaveLength(taken);
  await scheduler.close();
});

it('gives up a discard that fails again and again, and asks for it no more', async () => {
  const work = await useWorkplace();
  await work.kill(1);
  const id = await work.replay({}, { kind: 'discard' });
  const scheduler = await work.startScheduler('scheduler', (options) => ({
    ...options,
    operationSets: {
      ...options.operationSets,
      discard: () => Promise.reject(new Error('Nobody foresaw this.')),
    },
  }));
  const stateReason = 'Error: Nobody foresaw this.';
  await work.until(id, { kind: 'discard', state: 'failed', stateReason, endedAt: expect.any(Date) });
  await vi.waitFor(async () => {
    expect((await work.leases.findOne({ _id: 'operations' }))?.holder).toBeNull();
  }, SOON);
  await scheduler.close();
});

it('closes a discard that an earlier build gave up and left open', async () => {
  const work = await useWorkplace();
  await work.kill(1);
  const id = await work.replay({}, { kind: 'discard' });
  await work.operations.updateOne({ _id: id }, { $set: { state: 'failed', stateReason: 'Long ago.' } });
  const scheduler = await work.startScheduler('scheduler');
  await vi.waitFor(async () => expect(await work.operations.countDocuments({ open: true })).toBe(0), SOON);
  await work.until(id, { state: 'failed', stateReason: 'Long ago.' });
  await scheduler.close();
});
