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
import { type OverviewSearch, toTexts } from './search.ts';
import { type ShownTime, toShownTime } from './shown-time.ts';

/** How often the open column is asked for again, in ms. */
const REFRESH_MS = 5000;

export type Outcomes = {
  /** The time that they are of, as it was chosen last: charts never say another one than they show. */
  readonly time: ShownTime;
  readonly columns: readonly Column[];
  readonly sources: readonly SourceCounts[];
  /** From when on refused requests are counted, where older ones were forgotten; else null. */
  readonly rejectedKnownFrom: string | null;
  readonly loadedAt: number;
};

/** Asks what became of the events of a time, of one source or all. */
export function useOutcomes(search: OverviewSearch) {
  const nowMs = useNow();
  const { source } = search;
  const { key, isLive } = toShownTime(search, nowMs);
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: ['outcomes', key, source],
    queryFn: ({ signal }) => readOutcomes(toShownTime(search, Date.now()), source, signal),
    refetchInterval: isLive ? REFRESH_MS : false,
    placeholderData: keepPreviousData,
  });
  const failure = error instanceof Failure ? error : null;
  const outcomes: Outcomes | undefined =
    data === undefined
      ? undefined
      : {
          time: data.time,
          columns: data.toColumns(nowMs),
          sources: data.sources,
          rejectedKnownFrom: data.rejectedKnownFrom,
          loadedAt: dataUpdatedAt,
        };
  return { outcomes, failure, refetch };
}

type Loaded = Pick<Outcomes, 'time' | 'sources' | 'rejectedKnownFrom'> & {
  readonly toColumns: (nowMs: number) => readonly Column[];
};

/** Reads what became of the events of a time. */
export function readOutcomes(
  time: ShownTime,
  source: string | undefined,
  signal: AbortSignal,
): Promise<Loaded> {
  return time.isHourly ? readHours(time, source, signal) : readRecent(time, source, signal);
}

async function readRecent(time: ShownTime, source: string | undefined, signal: AbortSignal): Promise<Loaded> {
  const query = { step: time.stepMs / 1000, source, ...toTexts(time) };
  const answer = await read<RecentStats>('/api/events/stats/recent', query, signal);
  const place = { ...time, loadedMs: Date.now() };
  const { sources, rejectedKnownFrom } = answer;
  return { time, toColumns: (nowMs) => toRecentColumns(answer, place, nowMs), sources, rejectedKnownFrom };
}

async function readHours(time: ShownTime, source: string | undefined, signal: AbortSignal): Promise<Loaded> {
  const loadedMs = Math.min(Date.now(), time.toMs - 1);
  const query = { ...toTexts(time), source };
  const answer = await read<HourlyStats>('/api/events/stats/hourly', query, signal);
  const place = { ...time, loadedMs };
  return {
    time,
    toColumns: (nowMs) => toHourlyColumns(answer, place, nowMs),
    sources: toSourceCounts(answer.hours),
    rejectedKnownFrom: answer.rejectedKnownFrom,
  };
}
