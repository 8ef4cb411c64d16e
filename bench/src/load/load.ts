import { join } from 'node:path';
import { startNodeProcess } from '../node-process.ts';
import type { LoadMessage, LoadResult, LoadSpec } from './load-spec.ts';

/** What happens while a load runs. */
export type LoadEvents = {
  /** The warming up is over; `generator` is the process that sends. */
  readonly onMeasuring?: (generator: number) => void;
  /** Told every second how many requests were accepted so far, those of the warming up included. */
  readonly onProgress?: (accepted: number) => void;
  /** The last request was answered; the generator runs until this is done. */
  readonly onDone?: (result: LoadResult) => void | Promise<void>;
};

/** How a load is sent unless a case says otherwise. */
const DEFAULTS = {
  connections: 64,
  warmupSeconds: 3,
  perSecond: null,
  from: 0,
  maxRequests: Number.MAX_SAFE_INTEGER,
} as const;

/** What a case has to say of a load. */
export type LoadOptions = Pick<LoadSpec, 'url' | 'path' | 'body' | 'status' | 'seconds'> & Partial<LoadSpec>;

const SCRIPT = join(import.meta.dirname, 'load-process.ts');

/**
 * Sends a load from a process of its own and waits until every request is answered: 64 connections in a closed loop,
 * after three seconds of warming up, unless the options say otherwise.
 *
 * @throws Error when a connection breaks
 */
export async function runLoad(options: LoadOptions, events: LoadEvents = {}): Promise<LoadResult> {
  const generator = startNodeProcess(SCRIPT);
  const { promise, resolve } = Promise.withResolvers<LoadResult>();
  generator.onMessage((message) => {
    if (!isLoadMessage(message)) return;
    if (message.kind === 'measuring') events.onMeasuring?.(generator.pid);
    else if (message.kind === 'progress') events.onProgress?.(message.accepted);
    else resolve(message.result);
  });
  generator.send({ ...DEFAULTS, ...options } satisfies LoadSpec);
  try {
    const result = await generator.waitFor(promise);
    await events.onDone?.(result);
    return result;
  } finally {
    await generator.kill();
  }
}

/** Only our own generator writes there, so its word for the rest is taken. */
function isLoadMessage(message: unknown): message is LoadMessage {
  return typeof message === 'object' && message !== null && 'kind' in message;
}
