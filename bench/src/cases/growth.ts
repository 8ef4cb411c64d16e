import { METRIC } from '../bodies.ts';
import type { Case, CaseContext, Figures } from '../case.ts';
import { runLoad } from '../load/load.ts';
import { measureDrain } from '../measure-drain.ts';
import { type Sluice, startSluice } from '../sluice.ts';

const STORED = 2_000_000;
const QUICK_STORED = 100_000;

/** More than the slowest machine needs to accept all of them. */
const LONGEST_SECONDS = 3 * 3600;

/** Whether storing slows down as the collections grow: a drain into empty ones, and one after two million events. */
export const growth: Case = {
  rows: ['growthEmpty', 'growthFull'],
  besideNoop: false,
  isLong: true,
  async run(context) {
    const sluice = await startSluice(context, 'everysec');
    const empty = await fillAndDrain(sluice, context, 0);
    await sluice.stopWorkers();

    const more = (context.isQuick ? QUICK_STORED : STORED) - empty.stored;
    await sluice.addWorkers(1);
    const load = { ...METRIC, url: sluice.url, from: empty.stored, seconds: LONGEST_SECONDS };
    const { accepted } = await runLoad({ ...load, maxRequests: Math.max(0, more) });
    const stored = empty.stored + accepted;
    await sluice.untilStored(stored);
    await sluice.checkCounts(stored);
    await sluice.stopWorkers();

    const full = await fillAndDrain(sluice, context, stored);
    return { growthEmpty: empty.figures, growthFull: full.figures };
  },
};

async function fillAndDrain(
  sluice: Sluice,
  { seconds }: CaseContext,
  storedBefore: number,
): Promise<{ readonly figures: Figures; readonly stored: number }> {
  const { accepted: queued } = await runLoad({ ...METRIC, url: sluice.url, from: storedBefore, seconds });
  const { perSecond, extra, ...rest } = await measureDrain(sluice, 1, { storedBefore, queued });
  const figures = { ...rest, perSecond, extra: { ...extra, 'stored before': storedBefore } };
  return { figures, stored: storedBefore + queued };
}
