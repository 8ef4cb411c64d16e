/** From which step on it is known what happened before the last hour, in seconds. */
export const COARSE_STEP_SECONDS = 180;

/** For how long it is known what happened, in ms: in each second, and in each 3 minutes. */
export const RECENT_MS = 3_600_000;
export const COARSE_MS = 48 * 3_600_000;

/** How far before that a question may begin, in ms: the clock of whoever asks can be slow. */
export const CLOCK_SLACK_MS = 300_000;

/** How much longer it is kept, in ms: more than the slack and the longest bucket that can begin before it. */
export const KEPT_MORE_MS = 1_800_000;

/** How often the schedulers note how much waits, in ms. */
export const SAMPLE_MS = 15_000;

/** The most buckets of a chart over time. */
const MAX_BUCKETS = 120;

/** How long a bucket over time can be, in seconds; each divides a day. */
const STEPS_SECONDS = [15, 30, 60, 180, 900, 3600, 7200, 21_600, 43_200] as const;

/**
 * Returns how long the buckets of a time are, in seconds: the shortest step, `leastSeconds` at least, of which no more than
 * `MAX_BUCKETS` touch it. They begin at whole multiples of the step (UTC). The longest step for what is too long.
 */
export function toStepSeconds(fromMs: number, toMs: number, leastSeconds = 0): number {
  const fits = STEPS_SECONDS.find((step) => {
    const stepMs = step * 1000;
    return step >= leastSeconds && Math.ceil(toMs / stepMs) - Math.floor(fromMs / stepMs) <= MAX_BUCKETS;
  });
  return fits ?? STEPS_SECONDS[STEPS_SECONDS.length - 1] ?? 0;
}
