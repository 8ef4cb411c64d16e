import { COARSE_MS, COARSE_STEP_SECONDS, RECENT_MS, toStepSeconds } from '@sluice/contracts/time-steps';
import { formatDuration } from '../../ui/time.tsx';
import { type OverviewSearch, RANGES, toChosenTime } from './search.ts';

const HOUR_SECONDS = 3600;

/** The time that all charts of the page show, cut into at most 120 buckets. */
export type ShownTime = {
  /** Tells it from others: what was asked for it is kept under this. */
  readonly key: string;
  /** In words, as in "in …". */
  readonly name: string;
  /** Where its first bucket begins. */
  readonly fromMs: number;
  /** Where its last bucket ends: the one in which now is, unless an earlier end was chosen. */
  readonly toMs: number;
  /** Whether now lies in it. */
  readonly isLive: boolean;
  readonly stepMs: number;
  /** How long a bucket is, in words. */
  readonly step: string;
  /** Whether only hours are known of it, by when events arrived. */
  readonly isHourly: boolean;
};

/** Returns the time that an address asks for, at a moment. Of what is long ago less is known, so its buckets are longer. */
export function toShownTime(search: OverviewSearch, nowMs: number): ShownTime {
  const chosen = toChosenTime(search);
  if (chosen !== null) return toShown(chosen.fromMs, chosen.toMs, nowMs);
  const range = RANGES.find(({ value }) => value === search.range) ?? RANGES[1];
  // Of these whole steps there are as many as fit, with that in which now is.
  const stepMs = toStepSeconds(0, range.spanMs) * 1000;
  const toMs = (Math.floor(nowMs / stepMs) + 1) * stepMs;
  return {
    ...{ key: range.value, name: range.name, fromMs: toMs - range.spanMs, toMs, isLive: true },
    ...{ stepMs, step: toStepName(stepMs), isHourly: stepMs >= HOUR_SECONDS * 1000 },
  };
}

/** Returns the time that ends where the one begins that an address asks for, and is as long. */
export function toPreviousTime(search: OverviewSearch, nowMs: number): ShownTime {
  const { key, name, fromMs, toMs } = toShownTime(search, nowMs);
  return { ...toShown(fromMs - (toMs - fromMs), fromMs, nowMs), key, name: `${name} before` };
}

function toShown(fromMs: number, wantedMs: number, nowMs: number): ShownTime {
  const isLive = wantedMs > nowMs;
  const least =
    fromMs < nowMs - COARSE_MS ? HOUR_SECONDS : fromMs < nowMs - RECENT_MS ? COARSE_STEP_SECONDS : 0;
  const stepMs = toStepSeconds(fromMs, wantedMs, least) * 1000;
  // Only whole buckets are known, so they are what is shown, and named.
  const firstMs = Math.floor(fromMs / stepMs) * stepMs;
  const lastMs = Math.ceil(wantedMs / stepMs) * stepMs;
  const toMs = isLive ? (Math.floor(nowMs / stepMs) + 1) * stepMs : lastMs;
  return {
    ...{ key: `${fromMs} ${wantedMs}`, name: `the chosen ${formatDuration(lastMs - firstMs)}` },
    ...{ fromMs: firstMs, toMs, isLive, stepMs, step: toStepName(stepMs) },
    isHourly: stepMs >= HOUR_SECONDS * 1000,
  };
}

/** Says how long a bucket is, as after "per". */
export function toStepName(stepMs: number): string {
  if (stepMs === HOUR_SECONDS * 1000) return 'hour';
  return formatDuration(stepMs);
}
