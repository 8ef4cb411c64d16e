import type { BulkPlan, CommitResult } from '@sluice/contracts/bulk';
import type { NormalizedEventDocument, OpenEvent, RawEventDocument } from '@sluice/contracts/event';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { AcceptInbox, AcceptQueue, EventStore, SettleQueue } from '../src/ports.ts';
import type { refileStranded, SizedOpenEvent } from '../src/refile.ts';
import type { ReplayEvents, ReplayRunner } from '../src/replay-run.ts';
import type { SweepInbox } from '../src/sweep.ts';
import type { Node } from './node.ts';
import { addPipeline, type QueueModel } from './queue-model.ts';
import type { Server } from './server.ts';
import type { StoreModel } from './store-model.ts';
import type { World } from './world.ts';

/** Both stores and the network before them. */
export type Stores = {
  readonly world: World;
  readonly redis: Server;
  readonly mongo: Server;
  readonly queue: QueueModel;
  readonly store: StoreModel;
};

/** The deadlines of ingest and of the others, in milliseconds, as the apps set them. */
const ACCEPT_QUEUE_MS = 600;
const ACCEPT_INBOX_MS = 1000;
const QUEUE_MS = 1000;
const STORE_MS = 5000;

/** Creates the queue as an ingest process reaches it. */
export function toAcceptQueue({ redis, queue }: Stores, node: Node): AcceptQueue {
  const options = { deadlineMs: ACCEPT_QUEUE_MS };
  return {
    readMarks: (ids) => redis.call(node, () => ids.map((id) => queue.readMark(id)), options),
    addBatch: (jobId, job) =>
      redis.call(node, () => queue.add(jobId, job, 0), { ...options, isRepeatable: true }),
    writeMarks(marks) {
      const effect = () => {
        for (const { eventId, mark } of marks) queue.writeMark(eventId, mark);
      };
      redis.call(node, effect, options).catch(() => undefined);
    },
  };
}

/** Creates the inbox as an ingest process reaches it. */
export function toAcceptInbox({ mongo, store }: Stores, node: Node): AcceptInbox {
  return {
    insert: (batch) =>
      mongo.call(node, () => store.keepInInbox(batch, new Date(node.now())), {
        deadlineMs: ACCEPT_INBOX_MS,
        isRepeatable: true,
      }),
  };
}

/** Creates the event store as a worker reaches it. */
export function toEventStore({ world, mongo, store }: Stores, node: Node): EventStore {
  const options = { deadlineMs: STORE_MS };

  function commit(plan: BulkPlan): CommitResult {
    const result = store.commit(plan);
    const inserts = plan.rawInserts.map(({ _id, status, code }) => `${_id} new ${status} ${code ?? ''}`);
    const updates = plan.rawUpdates.map(
      ({ id, expect, set }) => `${id} ${expect.status} -> ${set.status} ${set.code ?? ''}`,
    );
    const receipts = plan.receipts.map(({ instance, seq }) => `receipt ${instance}-${seq}`);
    world.note(`${node.name} ${result}: ${[...inserts, ...updates, ...receipts].join(', ')}`);
    return result;
  }

  return {
    lookUp: (query) => mongo.call(node, () => store.lookUp(query), options),
    commit: (plan) => mongo.call(node, () => commit(plan), options),
    readRecords: (ids) => mongo.call(node, () => store.readRecords(ids), options),
  };
}

/** Creates what brings the latest state up to date, as a worker reaches it. */
export function toApplyLatest({ mongo, store }: Stores, node: Node) {
  return (records: readonly NormalizedEventDocument[]): Promise<void> =>
    mongo.call(
      node,
      () => {
        for (const { _id } of records) store.applied.add(_id);
      },
      { deadlineMs: STORE_MS, isRepeatable: true },
    );
}

/** Creates the queue as whoever settles or sweeps reaches it. A pipeline can break in the middle. */
export function toSettleQueue({ world, redis, queue }: Stores, node: Node): SettleQueue {
  const options = { deadlineMs: QUEUE_MS, isRepeatable: true };
  return {
    addSplit: (jobs) =>
      redis.call(
        node,
        () => {
          const breaksAt = redis.isHit() ? world.random.whole(0, jobs.length) : jobs.length;
          addPipeline(queue, jobs, breaksAt);
          if (breaksAt < jobs.length) throw new DependencyAwayError('redis', 'The pipeline broke.');
        },
        options,
      ),
    removeMarks: (ids) =>
      redis.call(
        node,
        () => {
          for (const id of ids) queue.removeMark(id);
        },
        options,
      ),
  };
}

/** Creates the queue and the open events as refiling reaches them. */
export function toRefile(stores: Stores, node: Node): Parameters<typeof refileStranded>[0] {
  const { redis, mongo, queue, store } = stores;
  const options = { deadlineMs: STORE_MS };

  async function* listIdle(idleMs: number): AsyncGenerator<readonly SizedOpenEvent[]> {
    const before = node.now() - idleMs;
    const isOpen = ({ status, updatedAt }: RawEventDocument) =>
      (status === 'failed' || status === 'pending') && updatedAt.getTime() < before;
    yield mongo.call(
      node,
      () => [...store.raw.values()].filter(isOpen).map((raw) => ({ ...raw, bytes: raw.body.length })),
      options,
    );
  }

  const read = (ids: readonly string[]) =>
    mongo.call(node, () => ids.flatMap((id) => store.raw.get(id) ?? []), options);
  const hasJobs = (ids: readonly string[]) =>
    redis.call(node, () => ids.map((id) => queue.jobs.has(id)), { deadlineMs: QUEUE_MS });
  return {
    open: { listIdle, read },
    queue: { ...toSettleQueue(stores, node), hasJobs },
    hasRoom: async () => true,
  };
}

/** Creates the replays, and the queue, as whoever runs them reaches them. */
export function toReplays(stores: Stores, node: Node) {
  const { world, mongo, store } = stores;
  const { replay } = store;
  const ask = <Result>(effect: () => Result) => mongo.call(node, effect, { deadlineMs: STORE_MS });
  const { open, queue } = toRefile(stores, node);

  async function* listPending(operation: string): AsyncGenerator<readonly OpenEvent[]> {
    yield ask(() => replay.listPending(operation));
  }

  const events: ReplayEvents = {
    listPlanned: (operation, limit) => ask(() => replay.listPlanned(operation, limit)),
    take: (runner, turns, now) =>
      ask(() => {
        const result = replay.take(runner, turns, now);
        world.note(`${node.name} ${runner.operation} ${result}: ${turns.map(({ id }) => id).join(', ')}`);
        return result;
      }),
    listPending,
    read: open.read,
  };
  return {
    events,
    queue,
    acquire: () => ask(() => replay.acquire(node.name, world.now())),
    listOpen: () => ask(() => replay.listOpen()),
    countInFlight: (operation: string) =>
      ask(
        () =>
          [...store.raw.values()].filter(
            ({ replay: mark, status }) =>
              mark?.operation === operation &&
              mark.state === 'taken' &&
              (status === 'pending' || status === 'failed'),
          ).length,
      ),
    close: (runner: ReplayRunner) => ask(() => replay.close(runner)),
  };
}

/** Creates the inbox as a sweeper reaches it. */
export function toSweepInbox({ mongo, store }: Stores, node: Node): SweepInbox {
  return {
    claimRows: (claim) =>
      mongo.call(node, () => store.claimRows(claim, new Date(node.now())), { deadlineMs: STORE_MS }),
    giveBackRows: (rows) => mongo.call(node, () => store.giveBackRows(rows), { deadlineMs: STORE_MS }),
  };
}
