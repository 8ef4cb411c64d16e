import type { RecentStats } from '@sluice/contracts/recent-stats';
import { queryOptions } from '@tanstack/react-query';
import { read } from './http.ts';

/** How often the open bucket is asked for again, in ms. */
const REFRESH_MS = 5000;

/** Asks how the last hour went, in minutes. */
export const recentQuery = queryOptions({
  queryKey: ['recent', 60],
  queryFn: ({ signal }) => read<RecentStats>('/api/events/stats/recent', { step: 60 }, signal),
  refetchInterval: REFRESH_MS,
});
