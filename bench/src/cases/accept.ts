import { METRIC } from '../bodies.ts';
import type { Case, CaseContext } from '../case.ts';
import { measureAnswers } from '../measure-answers.ts';
import { measureDrain } from '../measure-drain.ts';
import { type Appendfsync, startSluice } from '../sluice.ts';

/** Accepts with no worker running, then lets one empty the queue, which also proves the counts. */
async function acceptAndDrain(context: CaseContext, appendfsync: Appendfsync) {
  const sluice = await startSluice(context, appendfsync);
  const load = { ...METRIC, url: sluice.url, seconds: context.seconds };
  const { worker: _, ...pids } = sluice.pids();
  const accept = await measureAnswers(load, pids);
  const drain = await measureDrain(sluice, 1, { queued: accept.load.accepted });
  return { accept: accept.figures, drain };
}

/** Accepting at `appendfsync everysec`, then draining with one worker. */
export const accept: Case = {
  rows: ['acceptEverysec', 'drain'],
  besideNoop: true,
  isLong: false,
  async run(context) {
    const { accept, drain } = await acceptAndDrain(context, 'everysec');
    return { acceptEverysec: accept, drain };
  },
};

/** Accepting at `appendfsync always`, the default. */
export const acceptAlways: Case = {
  rows: ['acceptAlways'],
  besideNoop: true,
  isLong: false,
  run: async (context) => ({ acceptAlways: (await acceptAndDrain(context, 'always')).accept }),
};
