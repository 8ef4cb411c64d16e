import { ORDER } from '../bodies.ts';
import type { Case, CaseContext, Figures } from '../case.ts';
import { runLoad } from '../load/load.ts';
import { measureDrain } from '../measure-drain.ts';
import { startSluice } from '../sluice.ts';

/**
 * What a second worker adds where the worker is what limits: large events. Small ones are limited by MongoDB about as
 * much, which a second worker on the same two cores cannot change.
 */
export const twoWorkers: Case = {
  rows: ['drainOrders', 'drainOrdersTwo'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const drainOrders = await drainWith(context, 1);
    return { drainOrders, drainOrdersTwo: await drainWith(context, 2) };
  },
};

async function drainWith(context: CaseContext, workers: number): Promise<Figures> {
  await using resources = new AsyncDisposableStack();
  const sluice = await startSluice({ ...context, resources }, 'everysec');
  const { accepted } = await runLoad({ ...ORDER, url: sluice.url, seconds: context.seconds });
  return await measureDrain(sluice, workers, { queued: accepted });
}
