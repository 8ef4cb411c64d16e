import { type Fault, type FaultContext, pickMs, rest, type Span } from '../context.ts';
import type { FaultProxy, Interference } from '../fault-proxy.ts';

const LASTING: Span = { short: [3, 8], full: [5, 60] };
const DELAYS_MS = [20, 100, 400, 1500] as const;
const BETWEEN_CUTS_MS = 300;

function toProxies({ cluster }: FaultContext, target: 'redis' | 'mongo'): readonly FaultProxy[] {
  return target === 'redis' ? [cluster.redis.proxy] : cluster.mongo.members.map(({ proxy }) => proxy);
}

/** One interference with every connection of a store, for a while. */
function interfere(
  target: 'redis' | 'mongo',
  what: string,
  choose: (pick: (from: readonly [number, ...number[]]) => number) => Interference,
): Fault {
  return {
    name: `network of ${target} ${what}`,
    weight: 1,
    targets: [target],
    run: async (context, random, signal) => {
      const how = choose((from) => random.pick(from));
      const proxies = toProxies(context, target);
      for (const proxy of proxies) proxy.interfere(how);
      await rest(pickMs(context, random, LASTING), signal);
      for (const proxy of proxies) proxy.interfere({ kind: 'none' });
    },
  };
}

function cutAgainAndAgain(target: 'redis' | 'mongo'): Fault {
  return {
    name: `network of ${target} cut again and again`,
    weight: 1,
    targets: [target],
    run: async (context, random, signal) => {
      const untilMs = performance.now() + pickMs(context, random, LASTING);
      while (performance.now() < untilMs && !signal.aborted) {
        for (const proxy of toProxies(context, target)) proxy.cut();
        await rest(BETWEEN_CUTS_MS, signal);
      }
    },
  };
}

/** Harm to the connections between the apps and the stores, and among the members of the set. */
export const networkFaults: readonly Fault[] = [
  ...(['redis', 'mongo'] as const).flatMap((target) => [
    interfere(target, 'slow', (pick) => ({ kind: 'delay', ms: pick(DELAYS_MS) })),
    interfere(target, 'gone', () => ({ kind: 'refuse' })),
    interfere(target, 'a black hole', () => ({ kind: 'black-hole' })),
    interfere(target, 'without replies', () => ({ kind: 'lose-replies' })),
    cutAgainAndAgain(target),
  ]),
  {
    name: 'mongodb primary cut off from all others',
    weight: 1,
    targets: ['mongo'],
    run: async (context, random, signal) => {
      const { proxy } = await context.cluster.mongo.findPrimary();
      proxy.interfere({ kind: 'black-hole' });
      await rest(pickMs(context, random, LASTING), signal);
      proxy.interfere({ kind: 'none' });
    },
  },
];
