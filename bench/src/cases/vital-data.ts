import { VITAL_DATA } from '../bodies.ts';
import type { Case } from '../case.ts';
import { measureEndToEnd } from '../measure-end-to-end.ts';
import { toGrowth } from '../median.ts';
import { startSluice } from '../sluice.ts';

const PER_SECOND = 5000;
const SECONDS = 60;
const QUICK_SECONDS = 15;

/** So many that a request finds a free one at once while answers come within 50 ms. */
const CONNECTIONS = 256;

/** What this case finds beside the usual; the names are those of the figures in `extra`. */
export const VITAL_EXTRA = {
  acceptedShare: 'accepted / sent',
  rateShare: 'accepted per second / 5,000',
  queueGrowthMs: 'growth of the queue, ms of load',
} as const;

/**
 * 10,000 devices that send 5,000 readings a second for a minute, whatever the answers, with the default settings. The
 * queue's growth is the median backlog of the last third less that of the first.
 */
export const vitalData: Case = {
  rows: ['vitalData'],
  besideNoop: false,
  isLong: false,
  async run(context) {
    const sluice = await startSluice(context, 'always');
    await sluice.addWorkers(1);
    const seconds = context.isQuick ? QUICK_SECONDS : SECONDS;
    const { figures, load, backlog } = await measureEndToEnd(sluice, {
      ...VITAL_DATA,
      seconds,
      perSecond: PER_SECOND,
      connections: CONNECTIONS,
      warmupSeconds: 5,
    });
    const extra = {
      ...figures.extra,
      [VITAL_EXTRA.acceptedShare]: load.accepted / load.sent,
      [VITAL_EXTRA.rateShare]: load.measured.accepted / load.measured.seconds / PER_SECOND,
      [VITAL_EXTRA.queueGrowthMs]: (toGrowth(backlog) / PER_SECOND) * 1000,
    };
    return { vitalData: { ...figures, extra } };
  },
};
