import { connect, type Socket } from 'node:net';
import { type Fault, type FaultContext, pickMs, rest, type Span } from '../context.ts';
import { endAfter } from '../end-after.ts';
import type { FaultRequest } from '../requests.ts';

const OVERLOAD: Span = { short: [5, 8], full: [60, 60] };
const OVERLOAD_EVENTS = { short: 10_000, full: 150_000 } as const;
const MALFORMED_COUNT = { short: 2000, full: 10_000 } as const;
const REPEATS = 1000;
const CONNECTIONS = 64;
const LORIS_COUNT = 500;
const LORIS: Span = { short: [8, 8], full: [15, 30] };
const LORIS_STEP_MS = 1000;

/** Returns a function that returns `make()` so many times, and then undefined. */
function times(count: number, make: () => FaultRequest): () => FaultRequest | undefined {
  let left = count;
  return () => {
    left -= 1;
    return left < 0 ? undefined : make();
  };
}

async function sendManyTimes({ traffic }: FaultContext, request: FaultRequest, signal: AbortSignal) {
  await traffic.flood(
    times(REPEATS, () => request),
    CONNECTIONS,
    signal,
  );
}

/** Opens sockets that send one byte of a request a second. Whatever ingest does with them is right. */
function openLoris(url: string, count: number): readonly Socket[] {
  const { hostname, port } = new URL(url);
  return Array.from({ length: count }, () => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write('POST /api/events HTTP/1.1\r\nhost: slow\r\nx-slow: ');
    return socket;
  });
}

/** Harm by what is sent. */
export const loadFaults: readonly Fault[] = [
  {
    name: 'one event 1000 times and again without its mark',
    weight: 1,
    targets: ['load'],
    run: async (context, _random, signal) => {
      const { cluster, traffic } = context;
      const request = traffic.maker.fresh('many-times');
      await sendManyTimes(context, request, signal);
      const answer = await traffic.send(request);
      if (answer.kind === 'ok') {
        await cluster.redis
          .ask((client) => client.del(`${cluster.prefix}:mark:${answer.id}`))
          // Redis may be away: then the mark is of no use anyway.
          .catch(() => undefined);
      }
      await sendManyTimes(context, request, signal);
    },
  },
  {
    name: 'malformed bodies in a flood',
    weight: 1,
    targets: ['load'],
    run: async ({ traffic, form }, _random, signal) => {
      await traffic.flood(times(MALFORMED_COUNT[form], traffic.maker.malformed), CONNECTIONS, signal);
    },
  },
  {
    name: '500 slow sockets',
    weight: 1,
    targets: ['load'],
    run: async (context, random, signal) => {
      const { ingests } = context.cluster;
      const sockets = ingests.flatMap(({ url }) => openLoris(url, LORIS_COUNT / ingests.length));
      const untilMs = performance.now() + pickMs(context, random, LORIS);
      while (performance.now() < untilMs && !signal.aborted) {
        await rest(LORIS_STEP_MS, signal);
        for (const socket of sockets) if (socket.writable) socket.write('x');
      }
      for (const socket of sockets) socket.destroy();
    },
  },
  {
    name: 'all connections at full speed',
    weight: 1,
    targets: ['load'],
    run: async (context, random, signal) => {
      const { traffic, form } = context;
      using over = endAfter(signal, pickMs(context, random, OVERLOAD));
      const next = times(OVERLOAD_EVENTS[form], () => traffic.maker.fresh());
      await traffic.flood(next, CONNECTIONS * 2, over.signal);
    },
  },
];
