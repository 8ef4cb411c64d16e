import { type Fault, pickMs, rest, type Span } from '../context.ts';

const FULL: Span = { short: [4, 8], full: [10, 60] };
const LEFT_BYTES = 16 * 1024;

/** Harm by a disk that is full; it needs a disk of its own, which only root can mount. */
export const diskFaults: readonly Fault[] = [
  {
    name: 'disk of redis full',
    weight: 1,
    targets: ['redis'],
    cannot: ({ redis }) => (redis.disk === undefined ? 'no disk can be mounted here' : undefined),
    run: async (context, random, signal) => {
      const { redis } = context.cluster;
      // With `always` Redis ends itself, as it must. With `everysec` it goes on and, when it rewrites its file meanwhile,
      // leaves one that it cannot read (Valkey 9.1.2): nothing of ours can save what is only there.
      await redis.ask((client) => client.config('SET', 'appendfsync', 'always'));
      await redis.disk?.fill(LEFT_BYTES);
      await rest(pickMs(context, random, FULL), signal);
      await redis.disk?.empty();
      await redis.start();
    },
  },
  {
    name: 'disk of a mongodb member full',
    weight: 1,
    targets: ['mongo'],
    cannot: ({ mongo }) => (mongo.disk === undefined ? 'no disk can be mounted here' : undefined),
    run: async (context, random, signal) => {
      const { mongo } = context.cluster;
      await mongo.disk?.fill(LEFT_BYTES);
      await rest(pickMs(context, random, FULL), signal);
      await mongo.disk?.empty();
      await mongo.members[0]?.start();
    },
  },
];
