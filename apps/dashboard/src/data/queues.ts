import type { ProcessList, QueueList } from '@sluice/contracts/processes';
import { queryOptions } from '@tanstack/react-query';
import { read } from './http.ts';

/** How often they are asked for, in ms; a process tells a change within a second. */
const REFRESH_MS = 2000;

/** Asks how the queues stand. */
export const queuesQuery = queryOptions({
  queryKey: ['queues'],
  queryFn: ({ signal }) => read<QueueList>('/api/queues', {}, signal),
  refetchInterval: REFRESH_MS,
});

/** Asks which processes there are. */
export const processesQuery = queryOptions({
  queryKey: ['processes'],
  queryFn: ({ signal }) => read<ProcessList>('/api/processes', {}, signal),
  refetchInterval: REFRESH_MS,
});
