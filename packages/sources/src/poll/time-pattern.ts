/*
 * How a source writes its times, as a pattern: `yyyy-MM-dd HH:mm:ss.SSS+02:00` is read off `2024-01-31 10:00:00.123+02:00`.
 * What it is asked from is written by that, because a source may compare the texts: a blank is below a `T`.
 */
import type { CursorValue } from '@sluice/contracts/poll';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const ZONE = /(?: ?(?:Z|UTC|GMT|([+-])(\d\d):?(\d\d)?))$/i;
const FRACTION = /(?<=ss)[.,]?S+/;

/** The tokens of a pattern, in the order in which digits stand in ISO 8601. */
const TOKENS = ['yyyy', 'MM', 'dd', 'HH', 'mm', 'ss'] as const;

/** Reads the pattern off a time of year, month, day and so on, with or without anything between them. */
export function toTimePattern(text: string): string {
  const zone = /[T ]/i.test(text) ? (ZONE.exec(text)?.[0] ?? '') : '';
  let rest = text.slice(0, text.length - zone.length);
  let pattern = '';
  for (const token of TOKENS) {
    const between = /^\D*/.exec(rest)?.[0] ?? '';
    if (rest.length === between.length) break;
    pattern += between + token;
    rest = rest.slice(between.length + token.length);
  }
  return pattern + rest.replace(/\d/g, 'S') + zone;
}

/** Returns how far the zone of a pattern is ahead of UTC, in ms; NaN where no zone is so far. */
export function toAheadMs(pattern: string): number {
  const [, sign, hours = '0', minutes = '0'] = ZONE.exec(pattern) ?? [];
  const ahead = Number(hours) * 60 + Number(minutes);
  if (ahead > 18 * 60) return Number.NaN;
  return (sign === '-' ? -ahead : ahead) * MINUTE_MS;
}

/** Writes a time by a pattern, rounded down to what it shows. */
export function formatTime(atMs: number, pattern: string): string {
  const zone = ZONE.exec(pattern)?.[0] ?? '';
  const [year = '', month = '', day = '', hour = '', minute = '', second = '', ms = ''] = new Date(
    atMs + toAheadMs(pattern),
  )
    .toISOString()
    .split(/[-T:.Z]/);
  const digits = { yyyy: year, MM: month, dd: day, HH: hour, mm: minute, ss: second };
  const written = pattern
    .slice(0, pattern.length - zone.length)
    .replace(/yyyy|MM|dd|HH|mm|ss|S+/g, (token) =>
      token in digits
        ? digits[token as keyof typeof digits]
        : ms.slice(0, token.length).padEnd(token.length, '0'),
    );
  return written + zone;
}

/** Returns the smallest difference between two times that a pattern shows, in ms. */
export function toPatternStepMs(pattern: string): number {
  if (!pattern.includes('HH')) return DAY_MS;
  if (!pattern.includes('ss')) return MINUTE_MS;
  return 10 ** Math.max(0, 3 - toFractionDigits(pattern));
}

/** Returns a value written like another: of fractions the finer one, because some sources leave out zeros. */
export function writeLike({ atMs, pattern: own = '' }: CursorValue, like: CursorValue): CursorValue {
  const { form, pattern } = like;
  if (pattern === undefined) return { atMs, form };
  const finer = FRACTION.exec(own)?.[0];
  const isAlike = toHead(own) === toHead(pattern);
  if (finer === undefined || !isAlike || toFractionDigits(own) <= toFractionDigits(pattern)) {
    return { atMs, form, pattern };
  }
  return { atMs, form, pattern: pattern.replace(/(?<=ss)(?:[.,]?S+)?/, finer) };
}

function toHead(pattern: string): string {
  return pattern.slice(0, pattern.indexOf('ss'));
}

function toFractionDigits(pattern: string): number {
  return FRACTION.exec(pattern)?.[0].replace(/[^S]/g, '').length ?? 0;
}
