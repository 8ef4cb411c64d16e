import type { Case } from '../case.ts';
import { accept, acceptAlways } from './accept.ts';
import { bullmqTutorial, expressTransaction } from './baselines.ts';
import { bulk } from './bulk.ts';
import { catchUp } from './catch-up.ts';
import { endToEnd, endToEndAlways } from './end-to-end.ts';
import { fullSync } from './full-sync.ts';
import { growth } from './growth.ts';
import { noop } from './noop.ts';
import { normalize } from './normalize.ts';
import { soak } from './soak.ts';
import { steady } from './steady.ts';
import { sync, syncApart } from './sync.ts';
import { twoWorkers } from './two-workers.ts';
import { vitalData } from './vital-data.ts';

/** Every case by the name that `--only` takes, in the order of a round: what is compared stands side by side. */
export const CASES = {
  noop,
  normalize,
  accept,
  bulk,
  'two-workers': twoWorkers,
  'accept-always': acceptAlways,
  e2e: endToEnd,
  'e2e-always': endToEndAlways,
  express: expressTransaction,
  bullmq: bullmqTutorial,
  steady,
  'vital-data': vitalData,
  sync,
  'sync-apart': syncApart,
  'catch-up': catchUp,
  'full-sync': fullSync,
  growth,
  soak,
} as const satisfies Record<string, Case>;
export type CaseName = keyof typeof CASES;

/** The names of all cases. */
export const CASE_NAMES = Object.keys(CASES) as readonly CaseName[];
