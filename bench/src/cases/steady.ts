import { METRIC } from '../bodies.ts';
import type { Case, CaseContext, Figures } from '../case.ts';
import { measureEndToEnd } from '../measure-end-to-end.ts';
import { type Appendfsync, startSluice } from '../sluice.ts';
import { measureNoop } from './noop.ts';

const PER_SECOND = 200;

/** A light load, 200 events a second: how long an event takes when nothing is scarce but, at `always`, the disk. */
export const steady: Case = {
  rows: ['noopSteady', 'steadyEverysec', 'steadyAlways'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const noopSteady = await measureNoop(context, PER_SECOND);
    const steadyEverysec = await measureSteady(context, 'everysec');
    return { noopSteady, steadyEverysec, steadyAlways: await measureSteady(context, 'always') };
  },
};

async function measureSteady(context: CaseContext, appendfsync: Appendfsync): Promise<Figures> {
  await using resources = new AsyncDisposableStack();
  const sluice = await startSluice({ ...context, resources }, appendfsync);
  await sluice.addWorkers(1);
  // So light a load warms up slowly.
  const load = { ...METRIC, seconds: context.seconds, perSecond: PER_SECOND, warmupSeconds: 5 };
  return (await measureEndToEnd(sluice, load)).figures;
}
