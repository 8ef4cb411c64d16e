import { type Backup, startBackup } from '../backup.ts';
import { METRIC } from '../bodies.ts';
import type { Case, Figures } from '../case.ts';
import { runLoad } from '../load/load.ts';
import { measureEndToEnd } from '../measure-end-to-end.ts';
import { toMedianFigures } from '../median-figures.ts';
import { type Sluice, startSluice } from '../sluice.ts';
import { untilStored } from '../until-stored.ts';

/** Events that are stored before anything is measured, so that the first slice finds the processes as the last does. */
const WARMUP_EVENTS = 10_000;
const LONGEST_SECONDS = 60;

/**
 * What a backup costs whoever sends: the same Sluice at full speed, in turns without a replicator and with one that
 * copies meanwhile. Two slices of each in every round, in an order that favours neither (off, on, on, off, and the
 * other way round in the next one).
 */
export const sync: Case = {
  rows: ['syncOff', 'syncOn'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const sluice = await startSluice(context, 'always');
    const backup = await startBackup(context, sluice);
    await sluice.addWorkers(1);
    const seconds = Math.ceil(context.seconds / 2);
    const load = { ...METRIC, url: sluice.url, seconds: LONGEST_SECONDS, maxRequests: WARMUP_EVENTS };
    let { sent, accepted: stored } = await runLoad(load);
    await sluice.untilStored(stored);
    await backup.start();
    await backup.untilFilled();
    await backup.stop();

    const found: Record<'off' | 'on', Figures[]> = { off: [], on: [] };
    for (const which of context.run % 2 === 1
      ? (['off', 'on', 'on', 'off'] as const)
      : (['on', 'off', 'off', 'on'] as const)) {
      if (which === 'on') {
        await backup.start();
        await untilCopied(backup, stored);
      }
      const slice = await measureSlice(sluice, backup, { seconds, from: sent, storedBefore: stored });
      found[which].push(slice.figures);
      sent += slice.sent;
      stored += slice.accepted;
      if (which === 'on') {
        await untilCopied(backup, stored);
        await backup.stop();
      }
    }
    await backup.checkFollowed();
    return { syncOff: toMedianFigures(found.off), syncOn: toMedianFigures(found.on) };
  },
};

async function measureSlice(
  sluice: Sluice,
  backup: Backup,
  { seconds, from, storedBefore }: { seconds: number; from: number; storedBefore: number },
): Promise<{ readonly figures: Figures; readonly sent: number; readonly accepted: number }> {
  const { figures, load } = await measureEndToEnd(
    { ...sluice, pids: () => ({ ...sluice.pids(), backup: backup.pids() }) },
    { ...METRIC, from, seconds },
    { storedBefore },
  );
  const { measured, sent, accepted } = load;
  const behind =
    storedBefore + accepted - (await backup.db.collection('raw_events').estimatedDocumentCount());
  const extra = {
    ...figures.extra,
    'stored per second': figures.perSecond,
    'not on the backup at the end, events': backup.isCopying() ? behind : 0,
  };
  return { figures: { ...figures, perSecond: measured.accepted / measured.seconds, extra }, sent, accepted };
}

async function untilCopied(backup: Backup, stored: number): Promise<void> {
  for (const name of ['raw_events', 'normalized_events']) {
    await untilStored(backup.db.collection(name), stored);
  }
}
