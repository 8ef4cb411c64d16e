import { join } from 'node:path';
import type { Figures } from './case.ts';
import { startCpuClock } from './cpu.ts';
import { startNodeProcess } from './node-process.ts';
import type { Mongo } from './stores.ts';

/** The collections of a backlog, which have half of its documents each. */
export const BACKLOG = ['backlog_raw', 'backlog_normalized'] as const;

type Written = { readonly written: number; readonly measured: number; readonly seconds: number };

const SCRIPT = join(import.meta.dirname, 'copy-process.ts');

/** Writes copies of what a Sluice has stored to a database: inserts them (`fill`), or puts them in place of others (`copy`). */
export async function writeBacklog(
  sourceUri: string,
  mongo: Mongo,
  documents: number,
  how: 'fill' | 'copy',
): Promise<Figures> {
  const writer = startNodeProcess(SCRIPT, [sourceUri, mongo.uri, `${documents}`, how]);
  const { promise, resolve } = Promise.withResolvers<Written>();
  let readCpu: ReturnType<typeof startCpuClock> | undefined;
  writer.onMessage((message) => {
    if (!isWriterMessage(message)) return;
    if (message.kind === 'measuring') readCpu = startCpuClock({ worker: [writer.pid], mongod: mongo.pids });
    else resolve(message);
  });
  try {
    const { measured, seconds } = await writer.waitFor(promise);
    const cpu = readCpu?.(measured) ?? { cpuUs: {}, foreignShare: null };
    return { perSecond: measured / seconds, answered: null, stored: null, ...cpu, extra: {} };
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
