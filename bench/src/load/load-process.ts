/*
 * The load generator, a process of its own: its garbage collection and the waiting for MongoDB do not mix.
 *
 * 1. It gets its spec as one message, warms the servers up, then tells that it measures.
 * 2. Every second, until the last answer, it tells how many requests were accepted.
 * 3. At the end it tells what the load brought, and waits to be ended, so that its processor time can be read. A
 *    connection that breaks ends it with an error.
 */
import { once } from 'node:events';
import { runClosedLoop } from './closed-loop.ts';
import type { LoadMessage, LoadSpec } from './load-spec.ts';
import { runOpenLoop } from './open-loop.ts';
import type { Tally } from './tally.ts';

const PROGRESS_MS = 1000;

let progress: NodeJS.Timeout | undefined;
process.once('disconnect', () => process.exit(1));
const [spec] = (await once(process, 'message')) as [LoadSpec];
const result = await (spec.perSecond === null
  ? runClosedLoop(spec, tell)
  : runOpenLoop(spec, spec.perSecond, tell));
clearInterval(progress);
send({ kind: 'done', result });

function tell(message: LoadMessage, tally: Tally): void {
  send(message);
  if (message.kind !== 'measuring') return;
  progress = setInterval(() => send({ kind: 'progress', accepted: tally.readAccepted() }), PROGRESS_MS);
}

function send(message: LoadMessage): void {
  process.send?.(message);
}
