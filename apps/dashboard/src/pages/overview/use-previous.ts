import { useQuery } from '@tanstack/react-query';
import { Failure } from '../../data/http.ts';
import { useNow } from '../../ui/clock.ts';
import type { Previous } from './previous.ts';
import type { OverviewSearch } from './search.ts';
import { toPreviousTime, toShownTime } from './shown-time.ts';
import { readHistory } from './use-history.ts';
import { readOutcomes } from './use-outcomes.ts';

/** How often it is asked for again, in ms, while the time that is shown goes on: as often as a bucket begins, within these. */
const REFRESH_LEAST_MS = 15_000;
const REFRESH_MOST_MS = 60_000;

/** Asks what was in the time before, where the address wants it compared. */
export function usePrevious(search: OverviewSearch) {
  const { source, compare } = search;
  const { key, isLive, stepMs } = toShownTime(search, useNow());
  const { data, error, refetch } = useQuery({
    queryKey: ['previous', key, source],
    queryFn: ({ signal }) => readPrevious(search, signal),
    enabled: compare !== undefined,
    refetchInterval: isLive && Math.min(REFRESH_MOST_MS, Math.max(REFRESH_LEAST_MS, stepMs)),
  });
  const isWanted = compare !== undefined;
  return {
    previous: isWanted ? data : undefined,
    failure: isWanted && error instanceof Failure ? error : null,
    refetch,
  };
}

async function readPrevious(search: OverviewSearch, signal: AbortSignal): Promise<Previous> {
  const nowMs = Date.now();
  const shown = toShownTime(search, nowMs);
  const time = toPreviousTime(search, nowMs);
  const [outcomes, history] = await Promise.all([
    readOutcomes(time, search.source, signal),
    readHistory(time, signal).catch((error: unknown) => {
      // The numbers of the whole system are not for a key of another tenant.
      if (error instanceof Failure && error.status === 403) return null;
      throw error;
    }),
  ]);
  return {
    time,
    spanMs: shown.toMs - shown.fromMs,
    columns: outcomes.toColumns(nowMs),
    history: history?.buckets ?? [],
  };
}
