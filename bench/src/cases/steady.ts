import { METRIC } from '../bodies.ts';
import type { Case } from '../case.ts';
import { measureEndToEnd } from '../measure-end-to-end.ts';
import { startSluice } from '../sluice.ts';
import { measureNoop } from './noop.ts';

const PER_SECOND = 200;

/** A light load, 200 events a second, with the default settings: how long an event takes when nothing is scarce. */
export const steady: Case = {
  rows: ['noopSteady', 'steady'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const { seconds } = context;
    const noopSteady = await measureNoop(context, PER_SECOND);
    const sluice = await startSluice(context, 'always');
    await sluice.addWorkers(1);
    // So light a load warms up slowly.
    const load = { ...METRIC, seconds, perSecond: PER_SECOND, warmupSeconds: 5 };
    const { figures } = await measureEndToEnd(sluice, load);
    return { noopSteady, steady: figures };
  },
};
