import type { JsonValue } from '@sluice/contracts/json';
import type { CursorValue } from '@sluice/contracts/poll';
import { formatTime, toAheadMs, toPatternStepMs, toTimePattern } from './time-pattern.ts';

const ISO =
  /^(?<day>\d{4}-\d{2}-\d{2})(?:[T ](?<minute>\d{2}:\d{2})(?:(?<second>:\d{2})(?:[.,](?<fraction>\d{1,9}))?)?(?<zone> ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?$/i;

const DECIMAL = /^\d+(?:\.\d+)?$/;

/** A date in digits, and with a clock down to minutes, seconds or milliseconds, of years that no count can mean. */
const DIGITS =
  /^(?<year>(?:19[7-9]|20\d|21\d)\d)(?<month>\d\d)(?<day>\d\d)(?:(?<hour>\d\d)(?<minute>\d\d)(?:(?<second>\d\d)(?<fraction>\d{3})?)?)?$/;

/** Counts from the epoch, told apart by magnitude: 1e11 seconds are in the year 5138, 1e11 milliseconds in 1973. */
const COUNTS = [
  { below: 1e11, perMs: 1e-3, form: 'seconds', pattern: undefined },
  { below: 1e14, perMs: 1, form: 'millis', pattern: undefined },
  { below: 1e17, perMs: 1e3, form: 'millis', pattern: 'micros' },
  { below: 1e20, perMs: 1e6, form: 'millis', pattern: 'nanos' },
] as const;

/**
 * Reads a cursor value: RFC 3339 (`iso`), the same without a zone, taken for UTC (`local`), a date in digits, or epoch
 * seconds, milliseconds, microseconds or nanoseconds, as a number or as text. `written` is a number's own text. Returns
 * undefined for anything else.
 */
export function parseCursorValue(
  value: JsonValue | undefined,
  written: string | undefined = String(value),
): CursorValue | undefined {
  if (typeof value === 'number') return parseDigits(DECIMAL.test(written) ? written : String(value));
  if (typeof value !== 'string') return undefined;
  return value.length > 4 ? (parseDigits(value) ?? parseIso(value)) : undefined;
}

/** Writes a cursor value the way its source writes them, rounded down to what that shows. */
export function formatCursorValue({ atMs, form, pattern }: CursorValue): string {
  if (pattern === 'micros') return `${atMs}000`;
  if (pattern === 'nanos') return `${atMs}000000`;
  if (pattern !== undefined) return formatTime(atMs, pattern);
  switch (form) {
    case 'iso':
      return new Date(atMs).toISOString();
    case 'local':
      return new Date(atMs).toISOString().slice(0, -1);
    case 'seconds':
      return String(Math.floor(atMs / 1000));
    case 'millis':
      return String(atMs);
  }
}

/** Returns the smallest difference between two times that the source's way of writing them shows, in ms. */
export function toStepMs({ form, pattern }: CursorValue): number {
  if (pattern?.startsWith('yyyy') === true) return toPatternStepMs(pattern);
  return form === 'seconds' ? 1000 : 1;
}

function parseIso(text: string): CursorValue | undefined {
  const { day, minute = '00:00', second = '', fraction = '', zone } = ISO.exec(text)?.groups ?? {};
  if (day === undefined) return undefined;
  const form = zone === undefined ? 'local' : 'iso';
  return toValue(`${day}T${minute}${second}${toMs(fraction)}Z`, form, toTimePattern(text));
}

function parseDigits(text: string): CursorValue | undefined {
  return parseDate(text) ?? (DECIMAL.test(text) ? parseCount(text) : undefined);
}

function parseDate(text: string): CursorValue | undefined {
  const groups = DIGITS.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const { year, month, day, hour = '00', minute = '00', second = '00', fraction = '' } = groups;
  const time = `${year}-${month}-${day}T${hour}:${minute}:${second}${toMs(fraction)}Z`;
  return toValue(time, 'local', toTimePattern(text));
}

/** Makes a value of a time as if it were UTC, which the zone in its pattern says it is not. */
function toValue(utc: string, form: CursorValue['form'], pattern: string): CursorValue | undefined {
  const atMs = Date.parse(utc) - toAheadMs(pattern);
  return Number.isNaN(atMs) ? undefined : { atMs, form, pattern };
}

/** Cut, not rounded: a point may be too low. */
function toMs(fraction: string): string {
  return fraction === '' ? '' : `.${fraction.slice(0, 3)}`;
}

function parseCount(text: string): CursorValue | undefined {
  const count = Number(text);
  const unit = COUNTS.find(({ below }) => count < below);
  if (unit === undefined) return undefined;
  const { perMs, form, pattern } = unit;
  const atMs = Math.floor(perMs < 1 ? count * 1000 : count / perMs);
  return { atMs, form, ...(pattern === undefined ? {} : { pattern }) };
}
