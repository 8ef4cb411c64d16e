import { type Finding, fail, ok, warn } from './check.ts';

const WARN_MS = 500;
const FAIL_MS = 5000;

/**
 * Judges the clock of another machine, read at a moment between `askedAt` and `answeredAt` of ours (epoch milliseconds).
 * What the way took may explain a part of the difference, and is left out of it.
 */
export function judgeClock(
  name: string,
  theirs: number,
  { askedAt, answeredAt }: { readonly askedAt: number; readonly answeredAt: number },
): Finding {
  const differenceMs = Math.max(0, askedAt - theirs, theirs - answeredAt);
  const detail = `The clock of ${name} differs from the one here by ${formatMs(differenceMs)}.`;
  const mend =
    'Let every machine take its time from NTP: leases, schedules, when keys expire and the order of values depend on it.';
  if (differenceMs > FAIL_MS) return fail(detail, mend);
  return differenceMs > WARN_MS ? warn(detail, mend) : ok(detail);
}

function formatMs(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
