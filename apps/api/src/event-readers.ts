import type { TenantStats } from '@sluice/contracts/api';
import { createStatsReader } from '@sluice/ledger/stats-reader';
import type { EventsInspector } from '@sluice/queue/events-inspector';
import { createBackupGaps } from '@sluice/store/backup-gaps';
import type { StoreConnection } from '@sluice/store/connection';
import { createInbox } from '@sluice/store/inbox';
import { createNormalizedEvents } from '@sluice/store/normalized-events';
import { createRawEvents } from '@sluice/store/raw-events';
import { readRecentOutcomes } from '@sluice/store/recent-outcomes';
import { readRejectedCounts } from '@sluice/store/rejected-counts';
import { createSamples } from '@sluice/store/samples';
import { readHourlyStats, toHours } from '@sluice/store/stats-hourly';
import { createSyncStates } from '@sluice/store/sync-state';
import { readTenantStats } from '@sluice/store/tenant-stats';
import { createEventDetails } from './detail/event-details.ts';
import { createRawList } from './raw-list.ts';
import type { EventBodyRouteOptions } from './routes/event-body.ts';
import type { EventRoutesOptions } from './routes/events.ts';
import type { HourlyStatsRouteOptions } from './routes/hourly-stats.ts';
import type { RecentStatsRouteOptions } from './routes/recent-stats.ts';
import type { StatsHistoryRouteOptions } from './routes/stats-history.ts';
import { createSharedAnswer } from './shared-answer.ts';
import { createSyncedUpTo } from './sync/synced-up-to.ts';

/** A single event may take two questions to MongoDB, one after the other, and the answer no more than 3 s. */
const DETAIL_TIMEOUT_MS = 1200;

/** Counting takes long when there is much; who asked is told to come back, and finds the answer then. */
const LEDGER_TIMEOUT_MS = 20_000;
const STATS_PATIENCE_MS = 2500;
const STATS_MAX_AGE_MS = 1000;

/** Answers that are kept, each for one tenant. */
const MAX_TENANTS = 100;

const HOUR_MS = 3_600_000;

/** Creates what the routes of events read from, on the connections of a process. */
export function createEventReaders({
  store,
  inspector,
  now,
}: {
  readonly store: StoreConnection;
  readonly inspector: EventsInspector;
  readonly now: () => number;
}): EventRoutesOptions &
  EventBodyRouteOptions &
  HourlyStatsRouteOptions &
  RecentStatsRouteOptions &
  StatsHistoryRouteOptions {
  const timeoutMs = DETAIL_TIMEOUT_MS;
  const details = createEventDetails({
    rawEvents: createRawEvents(store, { timeoutMs }),
    normalizedEvents: createNormalizedEvents(store, { timeoutMs }),
    inbox: createInbox(store, { timeoutMs }),
    inspector,
    readSyncedUpTo: createSyncedUpTo({
      states: createSyncStates(store, { timeoutMs }),
      gaps: createBackupGaps(store, { timeoutMs }),
    }),
    now,
  });
  const stats = createSharedAnswer({
    compute: createStatsReader({ store, inspector, now, timeoutMs: LEDGER_TIMEOUT_MS }),
    maxAgeMs: STATS_MAX_AGE_MS,
    patienceMs: STATS_PATIENCE_MS,
    now: () => performance.now(),
  });
  const rawEvents = createRawEvents(store);
  const samples = createSamples(store);
  return {
    readDetail: details.read,
    listRaw: createRawList({ rawEvents, inspector }),
    listNormalized: createNormalizedEvents(store).list,
    readStats: stats,
    readTenantStats: createTenantStats(store, now),
    readStoredBody: rawEvents.get,
    readRecentStats: (tenant, query) => readRecentOutcomes(store, tenant, query, now()),
    readHourlyStats: createHourlyStats(store, now),
    readStatsHistory: (tenant, query) => samples.read(tenant, query, now()),
  };
}

/** What became of the events of each hour, and how many requests were refused in it. */
function createHourlyStats(
  store: StoreConnection,
  now: () => number,
): HourlyStatsRouteOptions['readHourlyStats'] {
  return async (tenant, query) => {
    const { fromMs, endMs } = toHours(query, now());
    const [stats, rejected] = await Promise.all([
      readHourlyStats(store, tenant, query, now()),
      readRejectedCounts(store, tenant, { fromMs, endMs, stepMs: HOUR_MS, source: query.source }),
    ]);
    const hours = rejected.counts
      .filter(({ atMs }) => atMs < endMs)
      .toSorted((a, b) => b.atMs - a.atMs)
      .map(({ atMs, count }) => ({ hour: new Date(atMs).toISOString(), count }));
    const rejectedKnownFrom = rejected.knownFrom?.toISOString() ?? null;
    return { ...stats, rejected: hours, rejectedKnownFrom };
  };
}

/** Counts of each tenant are shared as those of the whole are. */
function createTenantStats(
  store: StoreConnection,
  now: () => number,
): (tenant: string) => Promise<TenantStats> {
  const answers = new Map<string, () => Promise<TenantStats>>();
  return (tenant) => {
    const known = answers.get(tenant);
    if (known !== undefined) return known();
    const [first] = answers.keys();
    if (answers.size >= MAX_TENANTS && first !== undefined) answers.delete(first);
    const answer = createSharedAnswer({
      compute: () => readTenantStats(store, tenant, now(), { timeoutMs: LEDGER_TIMEOUT_MS }),
      maxAgeMs: STATS_MAX_AGE_MS,
      patienceMs: STATS_PATIENCE_MS,
      now: () => performance.now(),
    });
    answers.set(tenant, answer);
    return answer();
  };
}
