import type { JsonValue } from '@sluice/contracts/json';
import { DateTime } from 'luxon';
import { type CalendarTime, type Instant, toInstant } from './calendar.ts';
import { readEpoch } from './epoch.ts';
import { type Guess, WARNINGS } from './warnings.ts';

/**
 * A time read from a value. `value` is RFC 3339 UTC with milliseconds; `precise` keeps the digits beyond them
 * (for telling two records apart). `conversion` says what had to be done, absent when nothing had.
 */
export type ReadTime = {
  readonly value: string;
  readonly precise: string;
  readonly conversion?: string;
  readonly guesses: readonly Guess[];
};

type Found = { readonly instant: Instant; readonly format: string; readonly guesses: readonly Guess[] };

/** Longer texts are no times. */
const MAX_LENGTH = 64;

/** 0001-01-01 to 9999-12-31: what RFC 3339 can write and every year we accept. */
const EARLIEST_MS = -62_135_596_800_000;
const LATEST_MS = 253_402_300_799_999;

/** 1970 to 2200: a time outside is believed, with a warning. */
const PLAUSIBLE_FROM_MS = 0;
const PLAUSIBLE_TO_MS = 7_289_654_400_000;

const CANONICAL = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const CLOCK = String.raw`(?:(?:[Tt]| +|, *)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?(?: *([AaPp])\.?[Mm]\.?)?(?: *(Z|z|UTC|GMT|[-+]\d\d(?::?\d\d)?))?)?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${CLOCK}$`);
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})${CLOCK}$`);
const YEAR_ALONE = /^(?:19|2[01])\d\d$/;
const COMPACT = /^(\d{4})(\d\d)(\d\d)$/;

/**
 * Reads a time as people and old systems write it: ISO 8601, dates with `-`, `/` or `.`, RFC 2822, HTTP dates,
 * month names in English, epoch numbers in seconds, milliseconds, microseconds or nanoseconds (told apart by
 * magnitude: below 10^11 seconds, 10^14, 10^17). Without a zone: UTC, with a warning. A date alone is its
 * midnight in UTC. `03/04/2024` is read day first, with a warning; a date with dots is always day first. Years
 * outside 1970 to 2200 are believed, with a warning, up to the years 1 and 9999. Null for anything else.
 */
export function coerceTime(value: JsonValue): ReadTime | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const text = String(value).trim();
  if (text.length > MAX_LENGTH) return null;
  const found = typeof value === 'number' ? readNumber(text) : readText(text);
  if (found === null) return null;
  const { epochMs, beyondMs } = found.instant;
  if (!(epochMs >= EARLIEST_MS && epochMs <= LATEST_MS)) return null;
  const written = CANONICAL.test(text) ? text : new Date(epochMs).toISOString();
  const plausible = epochMs >= PLAUSIBLE_FROM_MS && epochMs < PLAUSIBLE_TO_MS;
  const guesses = plausible
    ? found.guesses
    : [...found.guesses, { code: WARNINGS.timeOutOfRange, detail: 'the year lies outside 1970 to 2200' }];
  return {
    value: written,
    precise: beyondMs === '' ? written : `${written.slice(0, -1)}${beyondMs}Z`,
    ...(value === written ? {} : { conversion: `${found.format} to UTC` }),
    guesses,
  };
}

function readText(text: string): Found | null {
  return readYearFirst(text) ?? readYearLast(text) ?? readDigits(text) ?? readWithLuxon(text);
}

function readYearFirst(text: string): Found | null {
  const match = YEAR_FIRST.exec(text);
  if (match === null) return null;
  const iso = match[2] === '-' && match[3]?.length === 2 && match[4]?.length === 2;
  const format = iso ? 'ISO 8601' : 'date with the year first';
  return readParts(
    { year: Number(match[1]), month: Number(match[3]), day: Number(match[4]) },
    match,
    format,
    [],
  );
}

function readYearLast(text: string): Found | null {
  const match = YEAR_LAST.exec(text);
  if (match === null) return null;
  const year = Number(match[4]);
  const first = Number(match[1]);
  const second = Number(match[3]);
  if (match[2] !== '.' && second > 12) {
    return readParts({ year, month: first, day: second }, match, 'date with the month first', []);
  }
  const ambiguous = match[2] !== '.' && first <= 12 && first !== second;
  const guess = { code: WARNINGS.timeGuessed, detail: 'the first number was read as the day' };
  return readParts(
    { year, month: second, day: first },
    match,
    'date with the day first',
    ambiguous ? [guess] : [],
  );
}

/** Completes a date by the clock and zone that stand in the groups 5 to 10 of both patterns. */
function readParts(
  date: Pick<CalendarTime, 'year' | 'month' | 'day'>,
  match: RegExpExecArray,
  format: string,
  guesses: readonly Guess[],
): Found | null {
  const [hour, minute, second, fraction, half, zone] = match.slice(5);
  const instant = toInstant({
    ...date,
    hour: toHour(Number(hour ?? 0), half),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    fraction: fraction ?? '',
    offset: toOffset(zone),
  });
  if (instant === null) return null;
  if (hour === undefined) return { instant, format: `${format}, midnight`, guesses };
  const leap = second === '60' ? [leapGuess()] : [];
  const assumed = zone === undefined ? [zoneGuess()] : [];
  return { instant, format, guesses: [...guesses, ...leap, ...assumed] };
}

/** Returns the hour of a 24-hour clock, an impossible one for an impossible 12-hour time. */
function toHour(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  if (hour < 1 || hour > 12) return Number.POSITIVE_INFINITY;
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
}

/** Returns minutes east of UTC, NaN for an impossible offset. */
function toOffset(zone: string | undefined): number {
  if (zone === undefined || !/^[-+]/.test(zone)) return 0;
  const rest = Number(zone.slice(3).replace(':', ''));
  if (rest > 59) return Number.NaN;
  const minutes = Number(zone.slice(1, 3)) * 60 + rest;
  return zone.startsWith('-') ? -minutes : minutes;
}

/** Reads digits alone: eight that make a date between 1970 and 2200 are one, a year is no moment, all others an epoch. */
function readDigits(text: string): Found | null {
  const date = readCompactDate(text);
  if (date !== null) return date;
  const epoch = YEAR_ALONE.test(text) ? null : readEpoch(text);
  if (epoch === null) return null;
  return {
    instant: epoch.instant,
    format: `epoch ${epoch.unit} in a string`,
    guesses: epoch.short ? [shortGuess()] : [],
  };
}

function readCompactDate(text: string): Found | null {
  const [, year, month, day] = COMPACT.exec(text) ?? [];
  if (year === undefined || Number(year) < 1970 || Number(year) >= 2200) return null;
  const instant = toInstant({
    ...{ year: Number(year), month: Number(month), day: Number(day) },
    ...{ hour: 0, minute: 0, second: 0, fraction: '', offset: 0 },
  });
  const guess = { code: WARNINGS.timeGuessed, detail: 'eight digits were read as a date' };
  return instant && { instant, format: 'date, midnight', guesses: [guess] };
}

function shortGuess(): Guess {
  return { code: WARNINGS.timeGuessed, detail: 'few digits were read as seconds since 1970' };
}

function readNumber(text: string): Found | null {
  const epoch = readEpoch(text);
  if (epoch === null) return null;
  const looksOtherwise = YEAR_ALONE.test(text) || readCompactDate(text) !== null;
  return {
    instant: epoch.instant,
    format: `epoch ${epoch.unit}`,
    guesses: looksOtherwise ? [shortGuess()] : [],
  };
}

/** A day, a month's name and a year of two digits. */
const SHORT_YEAR = /\b\d{1,2}[ -][A-Za-z]{3}[ -]\d\d\b/;

const ENGLISH_DATES = ['d LLL yyyy', 'd LLLL yyyy', 'LLL d, yyyy', 'LLLL d, yyyy'];

/** Reads the rarer formats, only what no pattern above knows. */
function readWithLuxon(text: string): Found | null {
  if (!/\d/.test(text)) return null;
  const utc = { zone: 'utc', locale: 'en-US' };
  const mail = DateTime.fromRFC2822(text, utc);
  const century = SHORT_YEAR.test(text) ? [centuryGuess()] : [];
  if (mail.isValid) return toFound(mail, 'RFC 2822', century);
  const http = DateTime.fromHTTP(text, utc);
  if (http.isValid) return toFound(http, 'HTTP date', century);
  const iso = DateTime.fromISO(text, utc);
  // Luxon reads three or four digits as a year and `T10:00` as today; neither names a day.
  if (iso.isValid && /^[-+]?\d{4,6}-?(?:W\d|\d{3})/.test(text)) {
    const zoned = /(?:[Zz]|[-+]\d\d(?::?\d\d)?)$/.test(text.slice(8)) || !/[Tt]/.test(text);
    return toFound(iso, 'ISO 8601', zoned ? [] : [zoneGuess()]);
  }
  for (const format of ENGLISH_DATES) {
    const date = DateTime.fromFormat(text, format, utc);
    if (date.isValid) return toFound(date, 'date in words, midnight', []);
  }
  return null;
}

function toFound(time: DateTime, format: string, guesses: readonly Guess[]): Found {
  return { instant: { epochMs: time.toMillis(), beyondMs: '' }, format, guesses };
}

function leapGuess(): Guess {
  return { code: WARNINGS.timeGuessed, detail: 'a leap second was read as the second after it' };
}

function centuryGuess(): Guess {
  return { code: WARNINGS.timeGuessed, detail: 'the century of a year of two digits was guessed' };
}

function zoneGuess(): Guess {
  return { code: WARNINGS.zoneAssumed, detail: 'the time names no zone; UTC was assumed' };
}
