import type { FullSyncs } from '@sluice/contracts/full-sync';
import type { SyncHealth, SyncMetrics } from '@sluice/contracts/sync';
import { queryOptions } from '@tanstack/react-query';
import { read } from './http.ts';

const REFRESH_MS = 2000;
const RUNNING_MS = 1000;

/** Asks how the backup follows. */
export const syncHealthQuery = queryOptions({
  queryKey: ['sync', 'health'],
  queryFn: ({ signal }) => read<SyncHealth>('/api/sync/health', {}, signal),
  refetchInterval: REFRESH_MS,
});

/** Asks what was copied so far. */
export const syncMetricsQuery = queryOptions({
  queryKey: ['sync', 'metrics'],
  queryFn: ({ signal }) => read<SyncMetrics>('/api/sync/metrics', {}, signal),
  refetchInterval: REFRESH_MS,
});

/** Asks for the full sync that runs and the last one. */
export const fullSyncsQuery = queryOptions({
  queryKey: ['sync', 'full'],
  queryFn: ({ signal }) => read<FullSyncs>('/api/sync/full', {}, signal),
  refetchInterval: ({ state }) => (state.data?.current ? RUNNING_MS : REFRESH_MS),
});
