import { METRIC } from './bodies.ts';
import { runLoad } from './load/load.ts';
import type { Sluice } from './sluice.ts';

/** Somewhat more than whoever copies documents takes as samples. */
const EVENTS = 12_000;
const LONGEST_SECONDS = 60;

/** Has a Sluice store small events, for there to be documents to copy; no worker is left. @throws CountsOffError */
export async function storeSome(sluice: Sluice): Promise<void> {
  await sluice.addWorkers(1);
  const load = { ...METRIC, seconds: LONGEST_SECONDS, maxRequests: EVENTS };
  const { accepted } = await runLoad({ ...load, url: sluice.url });
  await sluice.untilStored(accepted);
  await sluice.checkCounts(accepted);
  await sluice.stopWorkers();
}
