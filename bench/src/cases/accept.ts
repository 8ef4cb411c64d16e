import { METRIC } from '../bodies.ts';
import type { Case, CaseContext } from '../case.ts';
import { measureAnswers } from '../measure-answers.ts';
import { measureDrain } from '../measure-drain.ts';
import { type Appendfsync, startSluice } from '../sluice.ts';

/** Accepts with no worker running, then lets some empty the queue, which also proves the counts. */
async function acceptAndDrain(context: CaseContext, appendfsync: Appendfsync, workers: number) {
  const sluice = await startSluice(context, appendfsync);
  const load = { ...METRIC, url: sluice.url, seconds: context.seconds };
  const { worker: _, ...pids } = sluice.pids();
  const accept = await measureAnswers(load, pids);
  const drain = await measureDrain(sluice, workers, { queued: accept.load.accepted });
  return { accept: accept.figures, drain };
}

/** Accepting at `appendfsync everysec`, then draining with one worker. */
export const accept: Case = {
  rows: ['acceptEverysec', 'drain'],
  besideNoop: true,
  isLong: false,
  async run(context) {
    const { accept, drain } = await acceptAndDrain(context, 'everysec', 1);
    return { acceptEverysec: accept, drain };
  },
};

/** Accepting at `appendfsync always`, the default. */
export const acceptAlways: Case = {
  rows: ['acceptAlways'],
  besideNoop: true,
  isLong: false,
  run: async (context) => ({ acceptAlways: (await acceptAndDrain(context, 'always', 1)).accept }),
};

/** Draining with two workers; the queue is filled as for one. */
export const drainTwo: Case = {
  rows: ['drainTwo'],
  besideNoop: false,
  isLong: false,
  run: async (context) => ({ drainTwo: (await acceptAndDrain(context, 'everysec', 2)).drain }),
};
