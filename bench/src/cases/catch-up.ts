import { BACKLOG, writeBacklog } from '../backlog.ts';
import { type Backup, startBackup } from '../backup.ts';
import type { Case, CaseContext, Figures } from '../case.ts';
import { startCpuClock } from '../cpu.ts';
import { type Sluice, startSluice } from '../sluice.ts';
import { storeSome } from '../store-some.ts';
import { startBareMongo } from '../stores.ts';
import { checkStored, untilStored } from '../until-stored.ts';

const CHANGES = 500_000;
const QUICK_CHANGES = 50_000;

/** As much passes before it is measured as when a queue is drained. */
const WARMUP_SHARE = 0.1;

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
    const sluice = await startSluice(context, 'everysec', { keepsPast: true });
    await storeSome(sluice);
    const backup = await startBackup(context, sluice);
    await backup.start();
    await backup.untilFullSync();
    await backup.stop();
    await writeBacklog(sluice.mongodbUri, { uri: sluice.mongodbUri, pids: [] }, changes, 'fill');
    const before = context.run % 2 === 1 ? await copyBare(context, sluice, changes) : undefined;
    const caughtUp = await copyBacklog(sluice, backup, changes);
    return { bareCopy: before ?? (await copyBare(context, sluice, changes)), catchUp: caughtUp };
  },
};

async function copyBare(context: CaseContext, sluice: Sluice, changes: number): Promise<Figures> {
  await using resources = new AsyncDisposableStack();
  const mongo = await startBareMongo({ ...context, resources });
  return await writeBacklog(sluice.mongodbUri, mongo, changes, 'copy');
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
