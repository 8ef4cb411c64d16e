import type { AcceptedEvent, NormalizedRecord } from '@sluice/contracts/event';
import { toBackoffMs } from '../src/backoff.ts';
import { createBulkWriter } from '../src/bulk-writer.ts';
import { oneAlone } from '../src/one-alone.ts';
import { createJobSettler, type JobResult, type JobView } from '../src/settle-job.ts';
import type { Node } from './node.ts';
import { type Stores, toApplyLatest, toEventStore, toSettleQueue } from './ports.ts';

/** How the workers of a simulation are set: shorter than in production, so that less time must pass. */
const WORKER = {
  concurrency: 4,
  attempts: 3,
  backoffMs: 200,
  parkMs: 500,
  parkMaxMs: 60_000,
  maxStalls: 5,
  lockMs: 3000,
  stalledMs: 3000,
  bulkEvents: 8,
} as const;

const QUEUE_MS = 1000;
const HOLD_MS = 1000;
const PAUSE_MS = 500;

/** What a worker needs besides the stores. */
export type WorkerOptions = {
  readonly node: Node;
  readonly normalize: (event: AcceptedEvent) => NormalizedRecord;
  /** Resolves, for a process, when a job may be waiting. */
  readonly whenWaiting: (node: Node) => Promise<void>;
};

/** Starts a worker: the protocol's settler and writer, with BullMQ's worker modelled around them. */
export function startWorker(stores: Stores, { node, normalize, whenWaiting }: WorkerOptions): void {
  const { world, redis, queue } = stores;
  const random = world.random.fraction;
  const writer = createBulkWriter({
    store: toEventStore(stores, node),
    worker: node.name,
    now: node.now,
    soon: (callback) => node.later(1, callback),
    bulkEvents: WORKER.bulkEvents,
    maxInFlight: 2,
    lookUpsAfterKnown: world.random.whole(0, 2),
    onCommitted: toApplyLatest(stores, node),
  });
  const settle = oneAlone(
    createJobSettler({
      ...WORKER,
      writer,
      queue: toSettleQueue(stores, node),
      normalize,
      now: node.now,
      random,
    }),
  );
  let holdsUntil = 0;

  /** Asks Redis; while it is away BullMQ's worker asks again for ever. */
  function ask<Result>(effect: () => Result): Promise<Result> {
    return redis.call(node, effect, { deadlineMs: QUEUE_MS });
  }

  async function fetchForEver(slot: number): Promise<void> {
    for (let count = 0; ; count += 1) {
      if (holdsUntil > node.now()) await node.sleep(holdsUntil - node.now());
      const token = `${node.name}:${slot}:${count}`;
      const job = await ask(() => queue.fetch(token, WORKER.lockMs)).catch(() => undefined);
      if (job === undefined) await node.sleep(HOLD_MS);
      else if (job === null) await whenWaiting(node);
      else await handle({ ...job, updateData: (data) => ask(() => queue.updateData(job.id, data)) }, token);
    }
  }

  async function handle(job: JobView, token: string): Promise<void> {
    let isInHand = true;
    void renewForEver(job.id, token, () => isInHand);
    const result = await decide(job);
    // BullMQ tries to tell the result once; if that fails the lock runs out, and the job is given again.
    await tell(job, token, result).catch(() => undefined);
    isInHand = false;
  }

  async function decide(job: JobView): Promise<JobResult> {
    try {
      const result = await settle(job);
      if (result.kind === 'hold' && !result.isBusy) holdsUntil = node.now() + PAUSE_MS;
      return result;
    } catch (error) {
      world.violate(`settling ${job.id} rejected: ${String(error)}`);
      return { kind: 'hold', reason: String(error), isBusy: false };
    }
  }

  async function tell(job: JobView, token: string, result: JobResult): Promise<void> {
    const { id, data, attemptsMade } = job;
    world.note(`${node.name}: ${id} -> ${result.kind}`);
    switch (result.kind) {
      case 'done':
        await ask(() => queue.complete(id, token));
        return;
      case 'retry': {
        const attempt = (data.single?.attemptsBefore ?? 0) + attemptsMade + 1;
        const delayMs = toBackoffMs(attempt, WORKER.backoffMs, random);
        await ask(() => queue.retry(id, token, delayMs));
        return;
      }
      case 'dead':
        await ask(() => queue.fail(id, token));
        return;
      case 'hold':
        await ask(() => queue.putBack(id, token, HOLD_MS));
        return;
      case 'park':
        await ask(() => queue.updateData(id, result.data));
        await ask(() => queue.putBack(id, token, result.delayMs));
    }
  }

  async function renewForEver(jobId: string, token: string, isInHand: () => boolean): Promise<void> {
    for (;;) {
      await node.sleep(WORKER.lockMs / 2);
      if (!isInHand()) return;
      await ask(() => queue.extendLock(jobId, token, WORKER.lockMs)).catch(() => undefined);
    }
  }

  async function recoverForEver(): Promise<void> {
    for (;;) {
      await node.sleep(WORKER.stalledMs * (0.5 + random()));
      await ask(queue.recoverStalled).catch(() => undefined);
    }
  }

  for (let slot = 0; slot < WORKER.concurrency; slot += 1) void fetchForEver(slot);
  void recoverForEver();
}
