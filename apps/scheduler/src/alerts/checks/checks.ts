import type { AlertKind } from '@sluice/contracts/alerts';
import { createUnaccountedReader } from '@sluice/ledger/unaccounted';
import type { EventsInspector } from '@sluice/queue/events-inspector';
import { createBackupGaps } from '@sluice/store/backup-gaps';
import type { StoreConnection } from '@sluice/store/connection';
import { countDeadByCode } from '@sluice/store/dead-counts';
import { countOldInboxRows } from '@sluice/store/inbox-age';
import { createPollRuns } from '@sluice/store/poll-runs';
import { createSourceStore } from '@sluice/store/sources-store';
import { createSyncFailures } from '@sluice/store/sync-failures';
import { createSyncStates } from '@sluice/store/sync-state';
import type { AlertCheck } from '../alert-check.ts';
import { createBackupCheck } from './backup.ts';
import { createDeadLetterCheck } from './dead-letters.ts';
import { createInboxCheck } from './inbox.ts';
import { createLagCheck } from './lag.ts';
import { createPollCheck } from './poll.ts';
import { createUnaccountedCheck } from './unaccounted.ts';

export type AlertChecksOptions = {
  readonly store: StoreConnection;
  readonly inspector: EventsInspector;
  readonly lagMs: number;
  readonly now: () => number;
};

/** Creates the check of every kind of alert, on the connections of a process. */
export function createAlertChecks({
  store,
  inspector,
  lagMs,
  now,
}: AlertChecksOptions): readonly AlertCheck[] {
  const checks = {
    'dead-letters': createDeadLetterCheck({ countByCode: () => countDeadByCode(store) }),
    unaccounted: createUnaccountedCheck({
      readUnaccounted: createUnaccountedReader({ store, inspector, now }),
    }),
    inbox: createInboxCheck({ countOlderThan: (ageMs) => countOldInboxRows(store, ageMs) }),
    lag: createLagCheck({ inspector, lagMs }),
    poll: createPollCheck({ sources: createSourceStore(store), runs: createPollRuns(store), now }),
    backup: createBackupCheck({
      states: createSyncStates(store),
      failures: createSyncFailures(store),
      gaps: createBackupGaps(store),
      now,
    }),
  } satisfies Record<AlertKind, AlertCheck>;
  return Object.values(checks);
}
