import { type Connection, openConnections } from './connections.ts';
import type { LoadMessage, LoadResult, LoadSpec } from './load-spec.ts';
import { createTally, type Tally } from './tally.ts';

/** How a load tells what it does. */
export type Tell = (message: LoadMessage, tally: Tally) => void;

/** Sends for as long as the spec says, each connection one request after the other, until all are answered. */
export async function runClosedLoop(spec: LoadSpec, tell: Tell): Promise<LoadResult> {
  const tally = createTally(spec);
  const sentAt = new Map<Connection, number>();
  const ended = Promise.withResolvers<void>();
  let open = 0;
  let isWarm = false;

  const connections = await openConnections(spec, { onAnswer, onError: ended.reject });
  const measureFromMs = performance.now() + spec.warmupSeconds * 1000;
  const endsAtMs = measureFromMs + spec.seconds * 1000;
  for (const connection of connections) {
    open += 1;
    sendNext(connection, performance.now());
  }
  await ended.promise;
  return tally.toResult(performance.now());

  function onAnswer(connection: Connection, status: number): void {
    const nowMs = performance.now();
    if (!isWarm && nowMs >= measureFromMs) {
      isWarm = true;
      tally.beginMeasuring(nowMs);
      tell({ kind: 'measuring' }, tally);
    }
    tally.answered(status, nowMs - (sentAt.get(connection) ?? nowMs));
    sendNext(connection, nowMs);
  }

  function sendNext(connection: Connection, nowMs: number): void {
    const sent = tally.readSent();
    if (nowMs < endsAtMs && sent < spec.maxRequests) {
      sentAt.set(connection, nowMs);
      tally.sent();
      connection.send(spec.from + sent);
      return;
    }
    connection.close();
    open -= 1;
    if (open === 0) ended.resolve();
  }
}
