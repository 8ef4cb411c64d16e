import type { StatsHistory } from '@sluice/contracts/stats-history';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Failure, read } from '../../data/http.ts';
import { useNow } from '../../ui/clock.ts';
import { type ChosenTime, type OverviewSearch, toTexts } from './search.ts';
import { toShownTime } from './shown-time.ts';

/** How often it is asked for again, in ms: as often as there are new samples, a long time less often. */
const REFRESH_MS = 15_000;
const SLOW_MS = 60_000;
const LONG_STEP_MS = 3_600_000;

/** Reads how much waited, and how far the backup was behind, in a time. */
export function readHistory(time: ChosenTime, signal: AbortSignal): Promise<StatsHistory> {
  return read<StatsHistory>('/api/events/stats/history', toTexts(time), signal);
}

/** Asks how much waited, and how far the backup was behind, over the time of the page. */
export function useHistory(search: OverviewSearch) {
  const { key, isLive, stepMs } = toShownTime(search, useNow());
  const { data, error, isPending, failureCount, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['history', key],
    queryFn: ({ signal }) => readHistory(toShownTime(search, Date.now()), signal),
    refetchInterval: ({ state }) =>
      // The numbers of the whole system are not for a key of another tenant.
      !isLive || (state.error instanceof Failure && state.error.status === 403)
        ? false
        : stepMs < LONG_STEP_MS
          ? REFRESH_MS
          : SLOW_MS,
    placeholderData: keepPreviousData,
  });
  return {
    history: data,
    failure: error instanceof Failure ? error : null,
    /** Whether it may still come at once; what fails is asked for again while the page is there. */
    isAwaited: isPending && failureCount === 0,
    refetch,
    loadedMs: dataUpdatedAt,
  };
}
