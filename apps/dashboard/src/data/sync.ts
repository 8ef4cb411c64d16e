import type { FullSyncs } from '@sluice/contracts/full-sync';
import type { SyncHealth, SyncMetrics } from '@sluice/contracts/sync';
import type { ComparedDocument, SyncDifferences } from '@sluice/contracts/sync-differences';
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

/** Asks what the last comparison found, and what was mended since. */
export const syncDifferencesQuery = queryOptions({
  queryKey: ['sync', 'differences'],
  queryFn: ({ signal }) => read<SyncDifferences>('/api/sync/differences', {}, signal),
  refetchInterval: REFRESH_MS,
});

/** Asks for a document as both sides hold it now. */
export function comparedDocumentQuery(collection: string, id: string) {
  return queryOptions({
    queryKey: ['sync', 'document', collection, id],
    queryFn: ({ signal }) =>
      read<ComparedDocument>('/api/sync/differences/document', { collection, id }, signal),
    // It is asked of a replicator, and what it was a moment ago is not what it is.
    gcTime: 0,
    retry: false,
  });
}
