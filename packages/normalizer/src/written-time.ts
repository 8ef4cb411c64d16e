import { DateTime } from 'luxon';
import { type CalendarTime, type Instant, splitFraction, toInstant } from './calendar.ts';
import { type Guess, WARNINGS } from './warnings.ts';

/** What a text or number says of a time, before a zone is supplied to it. */
export type WrittenTime = {
  /** The moment; where no zone is named, as if it were UTC. */
  readonly instant: Instant;
  readonly format: string;
  /** `moment` names its zone or counts from the epoch, `clock` names none, `day` is a date alone. */
  readonly says: 'moment' | 'clock' | 'day';
  readonly guesses: readonly Guess[];
  /** Set when another time may well be written as the same moment. */
  readonly isAmbiguous?: boolean;
};

const CLOCK = String.raw`(?:(?:[Tt]| +|, *)(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?(?: *([AaPp])\.?[Mm]\.?)?(?: *(Z|z|UTC|GMT|[-+]\d\d(?::?\d\d)?))?)?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${CLOCK}$`);
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})${CLOCK}$`);
const COMPACT = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?$/;

/** Reads `2024-01-31`, `2024/1/31`, `2024.01.31`, with or without a clock and a zone. */
export function readYearFirst(text: string): WrittenTime | null {
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

/** Reads `31.01.2024`, `31/1/2024`, `1-31-2024`, with or without a clock and a zone: day first where both can be. */
export function readYearLast(text: string): WrittenTime | null {
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

/** Reads ISO 8601 and nothing else: dates, weeks, days of the year, with or without a clock and a zone. */
export function readIso(text: string): WrittenTime | null {
  const usual = readYearFirst(text);
  if (usual !== null) return /^\d{4}-\d\d-\d\d(?![^Tt ])[^AaPp]*$/.test(text) ? usual : null;
  return (text.length === 8 ? readCompact(text) : null) ?? readRareIso(text);
}

/** Reads eight digits as a date, twelve and fourteen as a date and a clock; null when they are none. */
export function readCompact(text: string): WrittenTime | null {
  const [, year, month, day, hour, minute = '0', second = '0'] = COMPACT.exec(text) ?? [];
  if (year === undefined) return null;
  const instant = toInstant({
    ...{ year: Number(year), month: Number(month), day: Number(day) },
    ...{ hour: Number(hour ?? 0), minute: Number(minute), second: Number(second), fraction: '', offset: 0 },
  });
  if (instant === null) return null;
  return hour === undefined
    ? { instant, format: 'date, midnight', says: 'day', guesses: [] }
    : withLeap({ instant, format: 'date and time in digits', says: 'clock', guesses: [] }, second);
}

/** Reads the forms of ISO 8601 that no pattern above knows: without separators, weeks, days of the year. */
export function readRareIso(text: string): WrittenTime | null {
  // Luxon reads three or four digits as a year and `T10:00` as today; neither names a day.
  if (!/^[-+]?\d{4,6}-?(?:W\d|\d{3})/.test(text)) return null;
  const iso = DateTime.fromISO(text, { zone: 'utc', locale: 'en-US' });
  if (!iso.isValid) return null;
  const zoned = /(?:[Zz]|[-+]\d\d(?::?\d\d)?)$/.test(text.slice(8));
  const says = /[Tt]/.test(text) ? (zoned ? 'moment' : 'clock') : 'day';
  // Luxon keeps milliseconds only.
  const { beyondMs } = splitFraction(/[.,](\d+)/.exec(text)?.[1] ?? '');
  return { instant: { epochMs: iso.toMillis(), beyondMs }, format: 'ISO 8601', says, guesses: [] };
}

/** Completes a date by the clock and zone that stand in the groups 5 to 10 of both patterns. */
function readParts(
  date: Pick<CalendarTime, 'year' | 'month' | 'day'>,
  match: RegExpExecArray,
  format: string,
  guesses: readonly Guess[],
): WrittenTime | null {
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
  if (hour === undefined) return { instant, format: `${format}, midnight`, says: 'day', guesses };
  const says = zone === undefined ? 'clock' : 'moment';
  return withLeap({ instant, format, says, guesses }, second);
}

/** Marks a second 60: few are leap seconds, the others are mistakes, and none is the next minute that it is read as. */
function withLeap(written: WrittenTime, second: string | undefined): WrittenTime {
  if (second !== '60') return written;
  return { ...written, guesses: [...written.guesses, leapGuess()], isAmbiguous: true };
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

/** Warns that a year of two digits is of one century or another. */
export function centuryGuess(): Guess {
  return { code: WARNINGS.timeGuessed, detail: 'the century of a year of two digits was guessed' };
}

function leapGuess(): Guess {
  return { code: WARNINGS.timeGuessed, detail: 'a leap second was read as the second after it' };
}
