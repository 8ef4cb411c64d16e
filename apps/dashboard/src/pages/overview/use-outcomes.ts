import type { HourlyStats } from '@sluice/contracts/hourly-stats';
import type { RecentStats } from '@sluice/contracts/recent-stats';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Failure, read } from '../../data/http.ts';
import { useNow } from '../../ui/clock.ts';
import {
  type Column,
  type SourceCounts,
  toHourlyColumns,
  toRecentColumns,
  toSourceCounts,
} from './outcomes.ts';
import type { Range } from './search.ts';

/** How often the open column is asked for again, in ms. */
const REFRESH_MS = 5000;

const HOUR_MS = 3_600_000;

export type Outcomes = {
  readonly columns: readonly Column[];
  readonly sources: readonly SourceCounts[];
  /** What the sources were counted over, where that is not the range. */
  readonly sourcesOf: string | null;
  readonly loadedAt: number;
};

/** Asks what became of the events of a range, of one source or all. */
export function useOutcomes(range: Range, source: string | undefined) {
  const isRecent = range.spanMs <= HOUR_MS;
  const nowMs = useNow();
  const { data, error, isPending, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['outcomes', range.value, source],
    queryFn: ({ signal }) =>
      isRecent ? readRecent(range, source, signal) : readHours(range, source, signal),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
  const failure = error instanceof Failure ? error : null;
  const outcomes: Outcomes | undefined =
    data === undefined
      ? undefined
      : {
          columns: data.toColumns(nowMs),
          sources: data.sources,
          sourcesOf: isRecent ? 'the last hour' : null,
          loadedAt: dataUpdatedAt,
        };
  return { outcomes, failure, isPending, refetch };
}

type Loaded = {
  readonly toColumns: (nowMs: number) => readonly Column[];
  readonly sources: readonly SourceCounts[];
};

async function readRecent(range: Range, source: string | undefined, signal: AbortSignal): Promise<Loaded> {
  const step = range.stepMs / 1000;
  const answer = await read<RecentStats>('/api/events/stats/recent', { step, source }, signal);
  const count = range.spanMs / range.stepMs;
  return { toColumns: (nowMs) => toRecentColumns(answer, count, nowMs), sources: answer.sources };
}

async function readHours(range: Range, source: string | undefined, signal: AbortSignal): Promise<Loaded> {
  const loadedMs = Date.now();
  const fromMs = Math.floor((loadedMs - range.spanMs) / range.stepMs) * range.stepMs + range.stepMs;
  const query = { from: new Date(fromMs).toISOString(), source };
  const answer = await read<HourlyStats>('/api/events/stats/hourly', query, signal);
  const place = { fromMs, loadedMs, stepMs: range.stepMs };
  return {
    toColumns: (nowMs) => toHourlyColumns(answer, place, nowMs),
    sources: toSourceCounts(answer.hours),
  };
}
