import type { Figures } from './case.ts';
import { startCpuClock } from './cpu.ts';
import type { Sluice } from './sluice.ts';

/** The share of the queue that is drained before it is measured: processes start and warm up in it. */
const WARMUP_SHARE = 0.1;

/**
 * Starts workers on a full queue and measures how fast they empty it, once they are all ready and the first tenth is
 * done; then the counts are checked.
 *
 * @param storedBefore how many events are stored already
 * @param queued how many are in the queue
 * @throws CountsOffError
 */
export async function measureDrain(
  sluice: Sluice,
  workers: number,
  { storedBefore = 0, queued }: { readonly storedBefore?: number; readonly queued: number },
): Promise<Figures> {
  await sluice.addWorkers(workers);
  await sluice.untilStored(storedBefore + Math.ceil(queued * WARMUP_SHARE));
  const readCpu = startCpuClock(sluice.pids());
  const from = await sluice.countStored();
  const fromMs = performance.now();
  await sluice.untilStored(storedBefore + queued);
  const seconds = (performance.now() - fromMs) / 1000;
  const drained = storedBefore + queued - from;
  const cpu = readCpu(drained);
  await sluice.checkCounts(storedBefore + queued);
  return {
    perSecond: drained / seconds,
    answered: null,
    stored: null,
    ...cpu,
    extra: { 'events in the queue at first': queued },
  };
}
