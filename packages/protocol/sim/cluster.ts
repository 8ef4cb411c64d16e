import { refileStranded } from '../src/refile.ts';
import { sweepInbox } from '../src/sweep.ts';
import { type Ingest, startIngest } from './ingest.ts';
import { createNode, type Node } from './node.ts';
import { type Stores, toRefile, toSettleQueue, toSweepInbox } from './ports.ts';
import { replayForEver } from './replayer.ts';
import { createNormalize } from './scenario.ts';
import { startWorker } from './worker.ts';

/** The processes of a simulation; one that crashed is started anew, as a process manager does. */
export type Cluster = {
  nodes(): readonly Node[];
  /** Returns a running ingest process that the seed picks. */
  pickIngest(): Ingest | undefined;
  /** From now on every worker is of the newest release, and processes crash of nothing but their input. */
  heal(): void;
};

export type ClusterOptions = {
  readonly ingests: number;
  readonly workers: number;
  readonly sweepers: number;
  /** The most that a clock is wrong, in milliseconds. */
  readonly maxSkewMs: number;
  /** The probability that a process is killed at any moment at which it does something. */
  readonly crashRate: number;
};

const SWEEP_MS = 2000;
const REFILE_MS = 5000;
/** How long an event must not have been touched before it is looked for: no longer than clocks differ. */
const IDLE_MS = 3000;
const NEWEST = [1, 2];

/** Starts the processes. */
export function startCluster(stores: Stores, options: ClusterOptions): Cluster {
  const { world, queue } = stores;
  const { random } = world;
  const running = new Map<string, { readonly node: Node; readonly versions: readonly number[] }>();
  const ingests = new Map<string, Ingest>();
  let waiters: { readonly node: Node; readonly wake: () => void }[] = [];
  let starts = 0;
  let isHealed = false;

  queue.onWaiting = () => {
    const woken = waiters;
    waiters = [];
    for (const { node, wake } of woken) node.later(random.fraction() * 3, wake);
  };

  /** A worker that sees an empty queue is told of the next job, and looks again every few seconds anyhow. */
  function whenWaiting(node: Node): Promise<void> {
    return new Promise((resolve) => {
      waiters.push({ node, wake: resolve });
      node.later(5000, resolve);
    });
  }

  function start(kind: 'ingest' | 'worker' | 'sweeper'): void {
    starts += 1;
    const name = `${kind}-${starts}`;
    const skewMs = (random.fraction() * 2 - 1) * options.maxSkewMs;
    const isFatal = () => !isHealed && random.fraction() < options.crashRate;
    const node = createNode(world, { name, skewMs, isFatal });
    const versions = isHealed || random.fraction() < 0.5 ? NEWEST : [1];
    running.set(name, { node, versions });
    node.onCrash(() => {
      running.delete(name);
      ingests.delete(name);
      world.after(100 + random.fraction() * 2000, () => start(kind));
    });
    if (kind === 'ingest') ingests.set(name, startIngest(stores, node));
    else if (kind === 'sweeper') {
      void sweepForEver(node);
      void refileForEver(node);
      void replayForEver(stores, node);
    } else {
      const die = () => {
        node.crash('of a payload');
        throw new Error('This process is gone.');
      };
      startWorker(stores, { node, normalize: createNormalize({ versions, random, die }), whenWaiting });
    }
  }

  async function sweepForEver(node: Node): Promise<void> {
    const inbox = toSweepInbox(stores, node);
    const settleQueue = toSettleQueue(stores, node);
    for (;;) {
      await node.sleep(SWEEP_MS);
      await sweepInbox({ inbox, queue: settleQueue }, 5).catch(() => undefined);
    }
  }

  async function refileForEver(node: Node): Promise<void> {
    for (;;) {
      await node.sleep(REFILE_MS);
      await refileStranded(toRefile(stores, node), IDLE_MS).catch(() => undefined);
    }
  }

  for (let count = 0; count < options.ingests; count += 1) start('ingest');
  for (let count = 0; count < options.workers; count += 1) start('worker');
  for (let count = 0; count < options.sweepers; count += 1) start('sweeper');

  return {
    nodes: () => [...running.values()].map(({ node }) => node),
    pickIngest() {
      const all = [...ingests.values()];
      return all[random.whole(0, all.length - 1)];
    },
    heal() {
      isHealed = true;
      for (const { node, versions } of running.values()) {
        if (node.name.startsWith('worker') && versions !== NEWEST) node.crash('a new release replaces it');
      }
    },
  };
}
