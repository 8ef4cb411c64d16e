import type { Stats } from '@sluice/contracts/api';
import { queryOptions } from '@tanstack/react-query';
import { read } from './http.ts';

/** How often the figures are asked for, in ms; the api computes them once a second at most. */
const REFRESH_MS = 2000;

/** Asks for every count there is. */
export const statsQuery = queryOptions({
  queryKey: ['stats'],
  queryFn: ({ signal }) => read<Stats>('/api/events/stats', {}, signal),
  refetchInterval: REFRESH_MS,
});
