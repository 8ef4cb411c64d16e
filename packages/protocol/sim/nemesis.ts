import type { EventsJob } from '@sluice/contracts/queues';
import type { Cluster } from './cluster.ts';
import type { Stores } from './ports.ts';

/** How cruel a simulation is. */
export type Cruelty = {
  /** The probability that a message is lost, doubled or late. */
  readonly trouble: number;
  /** How many faults there are. */
  readonly faults: number;
  /** Whether Redis loses everything once. */
  readonly flushes: boolean;
  /** How often an operator replays all dead letters. */
  readonly replays: number;
};

/** How long after the harm an operator may still start a replay. */
const REPLAYS_AFTER_MS = 15_000;

export type Nemesis = {
  /** The jobs that a flush of Redis took. */
  readonly flushed: readonly EventsJob[];
  /** Stops doing harm, and mends what lasts. */
  heal(): void;
};

/** Plans faults at random moments until `durationMs`. */
export function startNemesis(
  { world, redis, mongo, queue, store }: Stores,
  cluster: Cluster,
  { trouble, faults, flushes, replays }: Cruelty,
  durationMs: number,
): Nemesis {
  const { random } = world;
  const flushed: EventsJob[] = [];
  let isHealed = false;

  const short = () => 200 + random.fraction() * 15_000;
  const harm: readonly [() => void, ...(() => void)[]] = [
    () => redis.goAway(short()),
    () => redis.freeze(short()),
    () => mongo.goAway(short()),
    () => mongo.freeze(short()),
    () => pickNode()?.freeze(short()),
    () => pickNode()?.freeze(short()),
    () => pickNode()?.crash('SIGKILL'),
    () => pickNode()?.crash('SIGKILL'),
    () => queue.forgetMarks(),
    retryOne,
  ];

  function pickNode() {
    const nodes = cluster.nodes();
    return nodes[random.whole(0, nodes.length - 1)];
  }

  function retryOne(): void {
    const failed = [...queue.jobs.values()].filter(({ state }) => state === 'failed');
    const job = failed[random.whole(0, failed.length - 1)];
    if (job !== undefined) queue.retryFailed(job.id, world.now());
  }

  function startReplay(): void {
    world.note('an operator replays all dead letters');
    store.replay.start();
  }

  /** Kills the processes that could run a replay, or keeps one frozen beyond its lease. */
  function harmReplayers(): void {
    const replayers = cluster.nodes().filter(({ name }) => name.startsWith('sweeper'));
    if (random.fraction() < 0.3) replayers[0]?.freeze(5000 + random.fraction() * 4000);
    else for (const node of replayers) node.crash('SIGKILL');
  }

  function cancelReplay(): void {
    world.note('an operator cancels the replay');
    store.replay.cancel();
  }

  function flush(): void {
    world.note('redis loses everything');
    flushed.push(...queue.flush());
  }

  function unlessHealed(action: () => void): () => void {
    return () => {
      if (!isHealed) action();
    };
  }

  redis.setTrouble(trouble);
  mongo.setTrouble(trouble);
  for (let count = 0; count < faults; count += 1) {
    world.after(random.fraction() * durationMs, unlessHealed(random.pick(harm)));
  }
  if (flushes) world.after(random.fraction() * durationMs, unlessHealed(flush));
  for (let count = 0; count < replays; count += 1) {
    // Some while everything is draining, when most dead letters are there.
    const startMs = random.fraction() * (durationMs + REPLAYS_AFTER_MS);
    world.after(startMs, startReplay);
    // Whoever runs it has it in hand about now.
    for (let harms = random.whole(0, 3); harms > 0; harms -= 1) {
      world.after(startMs + random.fraction() * 3000, harmReplayers);
    }
    if (random.fraction() < 0.3) world.after(startMs + random.fraction() * 3000, cancelReplay);
  }
  return {
    flushed,
    heal() {
      isHealed = true;
      world.note('everything heals');
      redis.heal();
      mongo.heal();
    },
  };
}
