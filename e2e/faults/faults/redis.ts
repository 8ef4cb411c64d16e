import { type Fault, type FaultContext, pickMs, rest, type Span } from '../context.ts';
import { flushAll } from '../losses.ts';

const FREEZE: Span = { short: [3, 8], full: [5, 30] };
const AWAY = {
  shortly: { short: [3, 3], full: [3, 3] },
  'for a while': { short: [5, 7], full: [10, 10] },
  'for long': { short: [10, 15], full: [60, 60] },
} as const satisfies Record<string, Span>;
const FULL: Span = { short: [4, 8], full: [10, 30] };
const PILE_UP: Span = { short: [1, 2], full: [1, 4] };

const BETWEEN_KILLS_MS = 1500;

/** What Redis may still take when it is nearly full. */
const ROOM_BYTES = 64 * 1024;

function killWith(appendfsync: 'always' | 'everysec'): Fault {
  return {
    name: `redis killed with appendfsync ${appendfsync}`,
    weight: 2,
    targets: ['redis'],
    run: async ({ cluster: { redis } }, random, signal) => {
      await redis.ask((client) => client.config('SET', 'appendfsync', appendfsync));
      await rest(random.whole(0, 2000), signal);
      await redis.kill();
      await redis.start();
    },
  };
}

function goAway([name, span]: readonly [string, Span]): Fault {
  return {
    name: `redis away ${name}`,
    weight: 1,
    targets: ['redis'],
    run: async (context, random, signal) => {
      const { redis } = context.cluster;
      await redis.kill();
      await rest(pickMs(context, random, span), signal);
      await redis.start();
    },
  };
}

async function limitMemory({ cluster: { redis } }: FaultContext): Promise<void> {
  await redis.ask(async (client) => {
    const used = Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1] ?? 0);
    await client.config('SET', 'maxmemory', `${used + ROOM_BYTES}`);
  });
}

/** Harm to Redis itself. */
export const redisFaults: readonly Fault[] = [
  killWith('always'),
  killWith('everysec'),
  ...Object.entries(AWAY).map(goAway),
  {
    name: 'redis frozen',
    weight: 2,
    targets: ['redis'],
    run: async (context, random, signal) => {
      await context.cluster.redis.freeze();
      await rest(pickMs(context, random, FREEZE), signal);
      context.cluster.redis.thaw();
    },
  },
  {
    name: 'redis away while the apps start',
    weight: 1,
    targets: ['redis', 'ingest', 'worker', 'scheduler'],
    run: async (context, random, signal) => {
      const { redis, apps } = context.cluster;
      await redis.kill();
      for (const app of random.shuffle(apps)) {
        await app.kill();
        // One after another: all starting at once on a small machine is another fault.
        await rest(BETWEEN_KILLS_MS, signal);
      }
      await rest(pickMs(context, random, AWAY['for a while']), signal);
      await redis.start();
    },
  },
  {
    name: 'redis at its maximum memory',
    weight: 1,
    targets: ['redis'],
    run: async (context, random, signal) => {
      await limitMemory(context);
      await rest(pickMs(context, random, FULL), signal);
      await context.cluster.redis.ask((client) => client.config('SET', 'maxmemory', '0'));
    },
  },
  {
    name: 'redis flushed',
    weight: 1,
    // Alone: what only Redis knew must be known exactly.
    targets: ['redis', 'mongo', 'ingest', 'worker', 'scheduler', 'load'],
    run: async (context, random, signal) => {
      const { cluster, losses } = context;
      const pileUpMs = pickMs(context, random, PILE_UP);
      const frozen = cluster.workers.map((worker) => worker.freeze(pileUpMs, signal));
      await rest(pileUpMs * 0.9, signal);
      losses.add(await cluster.redis.ask((client) => flushAll(client, cluster.prefix)));
      await Promise.all(frozen);
    },
  },
];
