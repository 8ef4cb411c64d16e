import { join } from 'node:path';
import { type Backup, startBackup } from '../backup.ts';
import { METRIC } from '../bodies.ts';
import type { Case, CaseContext, Figures } from '../case.ts';
import { startCpuClock } from '../cpu.ts';
import { runLoad } from '../load/load.ts';
import { startNodeProcess } from '../node-process.ts';
import { type Sluice, startSluice } from '../sluice.ts';
import { startBareMongo } from '../stores.ts';
import { checkStored, untilStored } from '../until-stored.ts';

const CHANGES = 500_000;
const QUICK_CHANGES = 50_000;

/** How many events Sluice stores to have documents to copy. */
const STORED_FIRST = 12_000;
const LONGEST_SECONDS = 60;

/** As much passes before it is measured as when a queue is drained. */
const WARMUP_SHARE = 0.1;

const SCRIPT = join(import.meta.dirname, '../copy-process.ts');
const BACKLOG = ['backlog_raw', 'backlog_normalized'] as const;

type Written = { readonly written: number; readonly measured: number; readonly seconds: number };

/**
 * How fast a replicator comes after: half a million documents were inserted while it was away. Beside it a program that
 * puts the same documents in bulks of 1,000 into an empty MongoDB, and reads nothing. Which comes first alternates.
 */
export const catchUp: Case = {
  rows: ['bareCopy', 'catchUp'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const changes = context.isQuick ? QUICK_CHANGES : CHANGES;
    const sluice = await startSluice(context, 'everysec');
    await storeSome(sluice);
    const backup = await startBackup(context, sluice);
    await backup.start();
    await backup.untilFilled();
    await backup.stop();
    await write(sluice.mongodbUri, { uri: sluice.mongodbUri, pids: [] }, changes, 'fill');
    const before = context.run % 2 === 1 ? await copyBare(context, sluice, changes) : undefined;
    const caughtUp = await copyBacklog(sluice, backup, changes);
    return { bareCopy: before ?? (await copyBare(context, sluice, changes)), catchUp: caughtUp };
  },
};

async function storeSome(sluice: Sluice): Promise<void> {
  await sluice.addWorkers(1);
  const load = { ...METRIC, seconds: LONGEST_SECONDS, maxRequests: STORED_FIRST };
  const { accepted } = await runLoad({ ...load, url: sluice.url });
  await sluice.untilStored(accepted);
  await sluice.checkCounts(accepted);
  await sluice.stopWorkers();
}

async function copyBare(context: CaseContext, sluice: Sluice, changes: number): Promise<Figures> {
  await using resources = new AsyncDisposableStack();
  const mongo = await startBareMongo({ ...context, resources });
  return await write(sluice.mongodbUri, mongo, changes, 'copy');
}

async function write(
  sourceUri: string,
  mongo: { readonly uri: string; readonly pids: readonly number[] },
  changes: number,
  how: 'fill' | 'copy',
): Promise<Figures> {
  const writer = startNodeProcess(SCRIPT, [sourceUri, mongo.uri, `${changes}`, how]);
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

async function copyBacklog(sluice: Sluice, backup: Backup, changes: number): Promise<Figures> {
  const [first, second] = BACKLOG.map((name) => backup.db.collection(name));
  if (first === undefined || second === undefined) throw new TypeError('A backlog has two collections.');
  const half = changes / BACKLOG.length;
  await backup.start();
  await untilStored(first, Math.ceil(half * WARMUP_SHARE));
  const count = async () =>
    (await Promise.all([first.estimatedDocumentCount(), second.estimatedDocumentCount()])).reduce(
      (sum, one) => sum + one,
      0,
    );
  const readCpu = startCpuClock({ ...sluice.pids(), backup: backup.pids() });
  const from = await count();
  const fromMs = performance.now();
  await untilStored(first, half);
  await untilStored(second, half);
  const seconds = (performance.now() - fromMs) / 1000;
  const cpu = readCpu(changes - from);
  for (const collection of [first, second]) await checkStored(collection, half);
  await backup.checkFollowed();
  await backup.stop();
  const extra = { 'changes in the backlog at first': changes };
  return { perSecond: (changes - from) / seconds, answered: null, stored: null, ...cpu, extra };
}

/** Only our own writer sends there, so its word for the rest is taken. */
function isWriterMessage(
  message: unknown,
): message is { readonly kind: 'measuring' } | ({ readonly kind: 'done' } & Written) {
  return typeof message === 'object' && message !== null && 'kind' in message;
}
