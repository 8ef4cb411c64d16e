import type { Random } from '@sluice/local/random';
import type { Cluster } from '../cluster.ts';
import type { FaultApp } from '../cluster-apps.ts';
import { type Fault, pickMs, rest, type Span, type Target } from '../context.ts';
import { DEADLY_SOURCE } from '../stored-events.ts';

const FREEZE: Span = { short: [3, 8], full: [5, 30] };
const BETWEEN_KILLS: Span = { short: [0.5, 2], full: [1, 10] };
const CLOCK_OFFSETS_MS = { 'ingest-2': -5 * 60_000, 'worker-2': 5 * 60_000 } as const;

function pickApp({ apps }: Cluster, name: string, random: Random): FaultApp {
  const [first, ...others] = apps.filter((app) => app.name === name);
  if (first === undefined) throw new TypeError(`There is no ${name}.`);
  return random.pick([first, ...others]);
}

function killOne(target: Target & ('ingest' | 'worker' | 'scheduler')): Fault {
  return {
    name: `${target} killed`,
    weight: 3,
    targets: [target],
    run: async ({ cluster }, random, signal) => {
      await pickApp(cluster, target, random).end('SIGKILL', signal);
    },
  };
}

function freezeOne(target: Target & ('ingest' | 'worker' | 'scheduler')): Fault {
  return {
    name: `${target} frozen`,
    weight: 2,
    targets: [target],
    run: async (context, random, signal) => {
      await pickApp(context.cluster, target, random).freeze(pickMs(context, random, FREEZE), signal);
    },
  };
}

/** Harm to the apps' own processes. */
export const appFaults: readonly Fault[] = [
  killOne('ingest'),
  killOne('worker'),
  killOne('scheduler'),
  freezeOne('ingest'),
  freezeOne('worker'),
  freezeOne('scheduler'),
  {
    name: 'all workers killed three times',
    weight: 1,
    targets: ['worker'],
    run: async (context, random, signal) => {
      for (let round = 0; round < 3 && !signal.aborted; round += 1) {
        await Promise.all(context.cluster.workers.map((worker) => worker.end('SIGKILL', signal)));
        await rest(pickMs(context, random, BETWEEN_KILLS), signal);
      }
    },
  },
  {
    name: 'worker blocked beyond its lock',
    weight: 1,
    targets: ['worker'],
    run: async ({ cluster }, random, signal) => {
      const { lockMs, stalledMs } = cluster.pace;
      await pickApp(cluster, 'worker', random).freeze(lockMs + stalledMs + 2000, signal);
    },
  },
  {
    name: 'rolling SIGTERM of all apps',
    weight: 2,
    targets: ['ingest', 'worker', 'scheduler'],
    run: async ({ cluster }, random, signal) => {
      for (const app of random.shuffle(cluster.apps)) if (!signal.aborted) await app.end('SIGTERM', signal);
    },
  },
  {
    name: 'clocks 5 min wrong',
    weight: 1,
    targets: ['ingest', 'worker'],
    // For the rest of the run: a clock that is put right again jumps, which is another fault.
    run: async ({ cluster }, _random, signal) => {
      for (const [label, offsetMs] of Object.entries(CLOCK_OFFSETS_MS)) {
        await cluster.setClock(label, offsetMs);
        await cluster.apps.find((app) => app.label === label)?.end('SIGTERM', signal);
      }
    },
  },
  {
    name: 'payload that kills its worker',
    weight: 1,
    targets: ['worker'],
    run: async ({ traffic }) => {
      await traffic.send(traffic.maker.fresh(DEADLY_SOURCE));
    },
  },
];
