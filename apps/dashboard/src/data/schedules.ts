import type { ScheduleItem } from '@sluice/contracts/schedules';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { read } from './http.ts';
import type { Page } from './use-live-rows.ts';

const LIMIT = 500;

/** Asks when each polled source is polled, and what came of it; whoever shows them says how often. */
export const schedulesQuery = queryOptions({
  queryKey: ['schedules'],
  queryFn: ({ signal }) => read<Page<ScheduleItem>>('/api/schedules', { limit: LIMIT }, signal),
  placeholderData: keepPreviousData,
});
