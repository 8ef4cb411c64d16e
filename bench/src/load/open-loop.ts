import type { Tell } from './closed-loop.ts';
import { type Connection, openConnections } from './connections.ts';
import type { LoadResult, LoadSpec } from './load-spec.ts';
import { createTally } from './tally.ts';

/**
 * Sends at a steady rate, each request when it is due, and measures each from then: a server that stops for a moment
 * delays every request that was due meanwhile, which a closed loop would not see. While all connections are in use,
 * requests wait for one, and that counts.
 */
export async function runOpenLoop(spec: LoadSpec, perSecond: number, tell: Tell): Promise<LoadResult> {
  const tally = createTally(spec);
  const total = Math.round(perSecond * (spec.warmupSeconds + spec.seconds));
  const warmupCount = Math.round(perSecond * spec.warmupSeconds);
  const dueAt = new Map<Connection, number>();
  const idle: Connection[] = [];
  const ended = Promise.withResolvers<void>();
  let answered = 0;

  const connections = await openConnections(spec, { onAnswer, onError: ended.reject });
  idle.push(...connections);
  const beganAtMs = performance.now();
  sendDue();
  await ended.promise;
  for (const connection of connections) connection.close();
  return tally.toResult(performance.now());

  function toDueMs(index: number): number {
    return beganAtMs + (index * 1000) / perSecond;
  }

  function sendDue(): void {
    sendWaiting();
    const sent = tally.readSent();
    if (sent < total) setTimeout(sendDue, Math.max(1, toDueMs(sent) - performance.now()));
  }

  function sendWaiting(): void {
    for (;;) {
      const index = tally.readSent();
      const nowMs = performance.now();
      const dueMs = toDueMs(index);
      if (index >= total || dueMs > nowMs) return;
      // The one that has waited longest, so that none is closed for being idle.
      const connection = idle.shift();
      if (connection === undefined) return;
      if (index === warmupCount) {
        tally.beginMeasuring(nowMs);
        tell({ kind: 'measuring' }, tally);
      }
      dueAt.set(connection, dueMs);
      tally.sent(nowMs - dueMs);
      connection.send(spec.from + index);
    }
  }

  function onAnswer(connection: Connection, status: number): void {
    const nowMs = performance.now();
    tally.answered(status, nowMs - (dueAt.get(connection) ?? nowMs));
    idle.push(connection);
    answered += 1;
    if (answered === total) ended.resolve();
    else sendWaiting();
  }
}
