import { BACKLOG, writeBacklog } from '../backlog.ts';
import { type Backup, startBackup } from '../backup.ts';
import { type Case, CountsOffError, type Figures } from '../case.ts';
import { startCpuClock } from '../cpu.ts';
import { readPeakMemoryMiB } from '../memory.ts';
import { type Sluice, startSluice } from '../sluice.ts';
import { storeSome } from '../store-some.ts';
import { checkStored } from '../until-stored.ts';

/** What this case finds beside the usual; the names are those of the figures in `extra`. */
export const FULL_SYNC_EXTRA = {
  peakMiB: 'most memory of the replicator, MiB',
  compared: 'documents compared',
  copied: 'documents copied',
} as const;

/**
 * How much memory the replicator needs for a full sync of millions of small documents, and how fast it is: one that
 * fills an empty backup, then, by a new process, one that finds all of them equal.
 */
export const fullSync: Case = {
  rows: ['fullSyncCopy', 'fullSyncEqual'],
  besideNoop: false,
  isLong: true,
  async run(context) {
    const { documents } = context;
    const sluice = await startSluice(context, 'everysec', { keepsPast: true });
    await storeSome(sluice);
    const backup = await startBackup(context, sluice);
    await writeBacklog(sluice.mongodbUri, { uri: sluice.mongodbUri, pids: [] }, documents, 'fill');
    context.say(`${documents.toLocaleString('en')} documents are on the primary.`);
    const fullSyncCopy = await measureFullSync(sluice, backup, { documents, isFirst: true });
    const fullSyncEqual = await measureFullSync(sluice, backup, { documents, isFirst: false });
    return { fullSyncCopy, fullSyncEqual };
  },
};

/** The first one begins by itself. */
async function measureFullSync(
  sluice: Sluice,
  backup: Backup,
  { documents, isFirst }: { readonly documents: number; readonly isFirst: boolean },
): Promise<Figures> {
  await backup.start();
  const pid = backup.replicatorPid();
  if (!isFirst) await backup.askForFullSync();
  const readCpu = startCpuClock({ mongod: sluice.pids().mongod ?? [], backup: backup.pids() });
  const { compared, collections, startedAt, endedAt } = await backup.untilFullSync();
  const cpu = readCpu(compared);
  // Were this another process by now, it would tell too little; then there is none by that number.
  const peakMiB = readPeakMemoryMiB(pid);
  await backup.stop();
  for (const name of BACKLOG) {
    const found = collections.find((collection) => collection.name === name);
    const half = documents / BACKLOG.length;
    if (
      found?.compared !== half ||
      found.missing !== (isFirst ? half : 0) ||
      found.copied !== found.missing
    ) {
      throw new CountsOffError(`Of ${half} documents the full sync tells ${JSON.stringify(found)}.`);
    }
    await checkStored(backup.db.collection(name), half);
  }
  const seconds = (Date.parse(endedAt ?? '') - Date.parse(startedAt ?? '')) / 1000;
  const copied = collections.reduce((sum, collection) => sum + collection.copied, 0);
  const extra = {
    ...(peakMiB === null ? {} : { [FULL_SYNC_EXTRA.peakMiB]: peakMiB }),
    [FULL_SYNC_EXTRA.compared]: compared,
    [FULL_SYNC_EXTRA.copied]: copied,
  };
  return { perSecond: compared / seconds, answered: null, stored: null, ...cpu, extra };
}
