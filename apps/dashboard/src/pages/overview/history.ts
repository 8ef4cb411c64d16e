import type { HistoryBucket, HistoryMark, StatsHistory } from '@sluice/contracts/stats-history';
import { SAMPLE_MS } from '@sluice/contracts/time-steps';
import type { Mark } from '../../ui/chart-plot.tsx';
import type { Crosshair } from '../../ui/crosshair.ts';
import type { Previous } from './previous.ts';
import type { ShownTime } from './shown-time.ts';

/** What all charts of the page have in common. */
export type ChartPlace = {
  readonly time: ShownTime;
  readonly crosshair: Crosshair;
  readonly marks: readonly Mark[];
  /** Drawn beside it where it is asked for, and known. */
  readonly previous: Previous | undefined;
};

/** Returns the buckets that are drawn: one that has just begun, and was not sampled yet, is no gap. */
export function toDrawn(
  { buckets, stepSeconds }: Pick<StatsHistory, 'buckets' | 'stepSeconds'>,
  loadedMs: number,
): readonly HistoryBucket[] {
  const last = buckets.at(-1);
  if (last === undefined || last.queue !== null || last.replicationLagMs !== null) return buckets;
  const begunMs = Date.parse(last.at);
  const isOpen = loadedMs < begunMs + stepSeconds * 1000;
  return isOpen && loadedMs < begunMs + 2 * SAMPLE_MS ? buckets.slice(0, -1) : buckets;
}

/** Says in a few words what a mark stands for. */
export function describeMark({ kind, subject, revision, apps = [] }: HistoryMark): string {
  switch (kind) {
    case 'mapping':
      return `mapping of ${subject}, revision ${revision ?? '?'}`;
    case 'mapping-retired':
      return `mapping of ${subject} retired, revision ${revision ?? '?'}`;
    case 'full-sync':
      return 'full sync';
    case 'deploy':
      return `version ${subject} of ${apps.join(', ')} started`;
    default:
      return kind;
  }
}

/** Durations at which an axis ends: half of each is easily read too. */
const TOPS_MS = [10, 20, 40, 100, 200, 400, 1000, 2000, 4000, 10_000, 20_000, 60_000, 120_000, 240_000];

const HOUR_MS = 3_600_000;

/** Returns the least duration at which an axis can end that is not shorter. */
export function toDurationTop(mostMs: number): number {
  const found = [...TOPS_MS, 600_000, 1_200_000, HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 12 * HOUR_MS].find(
    (top) => top >= mostMs,
  );
  return found ?? Math.ceil(mostMs / (24 * HOUR_MS)) * 24 * HOUR_MS;
}
