/**
 * One simulation: the real protocol over models of Redis and MongoDB, in virtual time.
 *
 *  1. The seed draws the events, the processes, and how cruel the nemesis is.
 *  2. For a while senders send and the nemesis does harm: it kills and freezes processes at any await, takes stores
 *     away, loses, delays and doubles messages.
 *  3. All heals. Senders insist until they are answered, workers drain the queue.
 *  4. Every promise is checked.
 */
import { checkPromises } from './checks.ts';
import { startCluster } from './cluster.ts';
import { startNemesis } from './nemesis.ts';
import type { Stores } from './ports.ts';
import { createQueueModel } from './queue-model.ts';
import { drawPlans } from './scenario.ts';
import { createSenders } from './senders.ts';
import { createServer } from './server.ts';
import { createStoreModel } from './store-model.ts';
import { createWorld } from './world.ts';

/** What a simulation found. */
export type Simulation = {
  readonly seed: number;
  readonly violations: readonly string[];
  /** What happened, a line each. */
  readonly notes: readonly string[];
  /** Deliveries that were answered 202, and actions that were interleaved. */
  readonly accepted: number;
  readonly actions: number;
};

/** The longest time, in virtual milliseconds, that everything may take to settle once all is healed. */
const DRAIN_MS = 60 * 60_000;

/** Runs the simulation of a seed. */
export async function simulate(seed: number): Promise<Simulation> {
  const world = createWorld(seed);
  const { random } = world;
  const stores: Stores = {
    world,
    redis: createServer(world, 'redis'),
    mongo: createServer(world, 'mongodb'),
    queue: createQueueModel(world),
    store: createStoreModel(world.violate),
  };
  const durationMs = random.pick([2000, 10_000, 30_000]);
  const isGentle = random.fraction() < 0.2;
  const plans = drawPlans(random, durationMs);
  const cluster = startCluster(stores, {
    ingests: random.whole(1, 2),
    workers: random.whole(1, 3),
    sweepers: random.whole(1, 2),
    maxSkewMs: random.fraction() < 0.9 ? 500 : 5 * 60_000,
    crashRate: isGentle ? 0 : random.pick([0, 0.0005, 0.005, 0.02]),
  });
  const senders = createSenders(world, plans, cluster.pickIngest);
  const cruelty = isGentle
    ? { trouble: 0, faults: 0, flushes: false, replays: random.whole(0, 3) }
    : {
        trouble: random.pick([0, 0.005, 0.05, 0.2]),
        faults: random.whole(0, 8),
        flushes: random.fraction() < 0.03,
        replays: random.whole(0, 3),
      };
  const nemesis = startNemesis(stores, cluster, cruelty, durationMs);
  let actions = await world.run(() => false, durationMs);
  nemesis.heal();
  cluster.heal();
  senders.insist();
  actions += await world.run(() => senders.isDone() && isDrained(stores), DRAIN_MS);
  // Every process tells the ledger once more where it stands, and zombies and late messages get their say.
  actions += await world.run(() => false, 20_000);
  actions += await world.run(() => isDrained(stores), DRAIN_MS);
  checkPromises(stores, { plans, accepted: senders.accepted, flushed: nemesis.flushed, isGentle });
  return {
    seed,
    violations: world.violations,
    notes: world.notes,
    accepted: senders.accepted.length,
    actions,
  };
}

function isDrained({ queue, store }: Stores): boolean {
  const isOpen = [...store.raw.values()].some(({ status }) => status === 'failed' || status === 'pending');
  const isReplaying = store.replay.listOpen().length > 0;
  return (
    !isOpen &&
    !isReplaying &&
    store.inbox.size === 0 &&
    [...queue.jobs.values()].every(({ state }) => state === 'failed')
  );
}
