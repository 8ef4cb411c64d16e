import { join } from 'node:path';
import type { Figures } from './case.ts';
import { startCpuClock } from './cpu.ts';
import { startNodeProcess } from './node-process.ts';
import type { Mongo } from './stores.ts';

/** What a writer has done: how many documents in all, and how many of them in the `seconds` that were measured. */
type Written = { readonly written: number; readonly measured: number; readonly seconds: number };

/** Runs a program of this folder that writes to a MongoDB, and returns its figures and how much it has written. */
export async function runWriter(
  script: string,
  args: readonly string[],
  mongo: Mongo,
): Promise<{ readonly figures: Figures; readonly written: number }> {
  const writer = startNodeProcess(join(import.meta.dirname, script), args);
  const { promise, resolve } = Promise.withResolvers<Written>();
  let readCpu: ReturnType<typeof startCpuClock> | undefined;
  writer.onMessage((message) => {
    if (!isWriterMessage(message)) return;
    if (message.kind === 'measuring') readCpu = startCpuClock({ worker: [writer.pid], mongod: mongo.pids });
    else resolve(message);
  });
  try {
    const { written, measured, seconds } = await writer.waitFor(promise);
    const cpu = readCpu?.(measured) ?? { cpuUs: {}, foreignShare: null };
    const figures = { perSecond: measured / seconds, answered: null, stored: null, ...cpu, extra: {} };
    return { figures, written };
  } finally {
    await writer.kill();
  }
}

/** Only our own writer sends there, so its word for the rest is taken. */
function isWriterMessage(
  message: unknown,
): message is { readonly kind: 'measuring' } | ({ readonly kind: 'done' } & Written) {
  return typeof message === 'object' && message !== null && 'kind' in message;
}
