import { connect, type Socket } from 'node:net';

/** What a load brought: requests answered 202, all others, and the time of each answer in ms. */
export type LoadResult = {
  readonly accepted: number;
  readonly refused: number;
  readonly seconds: number;
  readonly latenciesMs: Float64Array;
};

const CONNECTIONS = 64;
const MAX_SAMPLES = 5_000_000;
const STATUS_AT = 'HTTP/1.1 '.length;

/**
 * Sends `POST /api/events` over 64 connections for `seconds`, each connection one request after the other, over bare
 * sockets: what the generator needs of the machine is taken from what is measured.
 */
export async function sendLoad(
  url: string,
  seconds: number,
  toBody: (n: number) => string,
): Promise<LoadResult> {
  const { hostname, port } = new URL(url);
  const latencies = new Float64Array(MAX_SAMPLES);
  const beganAt = performance.now();
  const endsAt = beganAt + seconds * 1000;
  let n = 0;
  let accepted = 0;
  let refused = 0;

  function runConnection(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket: Socket = connect(Number(port), hostname);
    let sentAt = 0;
    const next = (): void => {
      sentAt = performance.now();
      if (sentAt >= endsAt) {
        socket.end();
        resolve();
        return;
      }
      const body = toBody(n);
      n += 1;
      socket.write(
        `POST /api/events HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    };
    socket.setNoDelay(true);
    socket.once('connect', next);
    socket.once('error', reject);
    // One request at a time and small answers: an answer is one chunk.
    socket.on('data', (chunk) => {
      if (chunk.toString('latin1', STATUS_AT, STATUS_AT + 3) === '202') {
        latencies[accepted] = performance.now() - sentAt;
        accepted += 1;
      } else refused += 1;
      next();
    });
    return promise;
  }

  await Promise.all(Array.from({ length: CONNECTIONS }, runConnection));
  return {
    accepted,
    refused,
    seconds: (performance.now() - beganAt) / 1000,
    latenciesMs: latencies.slice(0, accepted).sort(),
  };
}

/** Returns a percentile of sorted times. */
export function toPercentile(sorted: Float64Array, percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}
