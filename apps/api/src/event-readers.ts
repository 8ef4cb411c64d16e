import type { TenantStats } from '@sluice/contracts/api';
import type { EventsInspector } from '@sluice/queue/events-inspector';
import type { StoreConnection } from '@sluice/store/connection';
import { createInbox } from '@sluice/store/inbox';
import { readLedger } from '@sluice/store/ledger';
import { createNormalizedEvents } from '@sluice/store/normalized-events';
import { readRates } from '@sluice/store/outcomes';
import { createRawEvents } from '@sluice/store/raw-events';
import { findReceipts } from '@sluice/store/receipts';
import { readRecentOutcomes } from '@sluice/store/recent-outcomes';
import { readHourlyStats } from '@sluice/store/stats-hourly';
import { readTenantStats } from '@sluice/store/tenant-stats';
import { createEventDetails } from './detail/event-details.ts';
import { readStats } from './ledger/stats.ts';
import { createRawList } from './raw-list.ts';
import type { EventRoutesOptions } from './routes/events.ts';
import type { HourlyStatsRouteOptions } from './routes/hourly-stats.ts';
import type { RecentStatsRouteOptions } from './routes/recent-stats.ts';
import { createSharedAnswer } from './shared-answer.ts';

/** A single event may take two questions to MongoDB, one after the other, and the answer no more than 3 s. */
const DETAIL_TIMEOUT_MS = 1200;

/** Counting takes long when there is much; who asked is told to come back, and finds the answer then. */
const LEDGER_TIMEOUT_MS = 20_000;
const STATS_PATIENCE_MS = 2500;
const STATS_MAX_AGE_MS = 1000;

/** Answers that are kept, each for one tenant. */
const MAX_TENANTS = 100;

/** Creates what the routes of events read from, on the connections of a process. */
export function createEventReaders({
  store,
  inspector,
  now,
}: {
  readonly store: StoreConnection;
  readonly inspector: EventsInspector;
  readonly now: () => number;
}): EventRoutesOptions & HourlyStatsRouteOptions & RecentStatsRouteOptions {
  const timeoutMs = DETAIL_TIMEOUT_MS;
  const details = createEventDetails({
    rawEvents: createRawEvents(store, { timeoutMs }),
    normalizedEvents: createNormalizedEvents(store, { timeoutMs }),
    inbox: createInbox(store, { timeoutMs }),
    inspector,
    now,
  });
  const stats = createSharedAnswer({
    compute: () =>
      readStats({
        readLedger: () => readLedger(store, { timeoutMs: LEDGER_TIMEOUT_MS }),
        findReceipts: (batches) => findReceipts(store, batches),
        inspector,
        readRates: () => readRates(store, now()),
      }),
    maxAgeMs: STATS_MAX_AGE_MS,
    patienceMs: STATS_PATIENCE_MS,
    now: () => performance.now(),
  });
  return {
    readDetail: details.read,
    listRaw: createRawList({ rawEvents: createRawEvents(store), inspector }),
    listNormalized: createNormalizedEvents(store).list,
    readStats: stats,
    readTenantStats: createTenantStats(store),
    readRecentStats: (tenant, step) => readRecentOutcomes(store, tenant, step, now()),
    readHourlyStats: (tenant, query) => readHourlyStats(store, tenant, query, now()),
  };
}

/** Counts of each tenant are shared as those of the whole are. */
function createTenantStats(store: StoreConnection): (tenant: string) => Promise<TenantStats> {
  const answers = new Map<string, () => Promise<TenantStats>>();
  return (tenant) => {
    const known = answers.get(tenant);
    if (known !== undefined) return known();
    const [first] = answers.keys();
    if (answers.size >= MAX_TENANTS && first !== undefined) answers.delete(first);
    const answer = createSharedAnswer({
      compute: () => readTenantStats(store, tenant, { timeoutMs: LEDGER_TIMEOUT_MS }),
      maxAgeMs: STATS_MAX_AGE_MS,
      patienceMs: STATS_PATIENCE_MS,
      now: () => performance.now(),
    });
    answers.set(tenant, answer);
    return answer();
  };
}
