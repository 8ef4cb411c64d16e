import type { JsonValue } from '@sluice/contracts/json';
import { DateTime } from 'luxon';
import { type EpochUnit, readEpoch } from './epoch.ts';
import { toRoundedGuesses } from './rounded-number.ts';
import type { TimeZone } from './time-zone.ts';
import { isUsualTime } from './usual-time.ts';
import { type Guess, WARNINGS } from './warnings.ts';
import {
  centuryGuess,
  readCompact,
  readRareIso,
  readYearFirst,
  readYearLast,
  type WrittenTime,
} from './written-time.ts';

/**
 * A time read from a value. `value` is RFC 3339 UTC with milliseconds; `precise` is for telling two records apart: it
 * keeps the digits beyond them, and says of a time that clocks skipped that it was one. `conversion` says what had to
 * be done, absent when nothing had.
 */
export type ReadTime = {
  readonly value: string;
  readonly precise: string;
  /** Set when nothing tells which of two times is meant: clocks of the zone showed it twice, or it has a second 60. */
  readonly isAmbiguous?: boolean;
  readonly conversion?: string;
  readonly guesses: readonly Guess[];
};

/** The length of `2024-01-31T12:30:00Z`. */
const WITHOUT_FRACTION = 20;

const NO_GUESSES: readonly Guess[] = [];

/** Longer texts are no times. */
const MAX_LENGTH = 64;

/** 0001-01-01 to 9999-12-31: what RFC 3339 can write and every year we accept. */
const EARLIEST_MS = -62_135_596_800_000;
const LATEST_MS = 253_402_300_799_999;

/** 1970 to 2200: a time outside is believed, with a warning. */
const PLAUSIBLE_FROM_MS = 0;
const PLAUSIBLE_TO_MS = 7_289_654_400_000;

const CANONICAL = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const YEAR_ALONE = /^(?:19|2[01])\d\d$/;

/** Twelve digits can count milliseconds to 1976; fourteen would count them to 2600. */
const CLOCK_WITHOUT_SECONDS = 12;
const CLOCK_WITH_SECONDS = 14;

/** Eight, twelve or fourteen digits, the first of which are a year from 1970 to 2199. */
const LIKE_A_DATE = /^(?:19[7-9]\d|2[01]\d\d)\d{4}(?:\d{4}(?:\d\d)?)?$/;

/**
 * Reads a time as people and old systems write it: ISO 8601, dates with `-`, `/` or `.`, RFC 2822, HTTP dates,
 * month names in English, epoch numbers in seconds, milliseconds, microseconds or nanoseconds (told apart by
 * magnitude: below 10^11 seconds, 10^14, 10^17). A time that names no zone is of the given one; without one: UTC,
 * with a warning. A date alone is its midnight, in UTC if no zone is given. `03/04/2024` is read day first, with a
 * warning; a date with dots is always day first. Digits that are a date (`20240131`, `20240131123000`) are read as
 * one, with a warning; as a JSON number only fourteen of them. Years outside 1970 to 2200 are believed, with a
 * warning, up to the years 1 and 9999. Null for anything else.
 */
export function coerceTime(value: JsonValue, zone?: TimeZone): ReadTime | null {
  if (typeof value === 'string' && isUsualTime(value)) return toUsualTime(value);
  const text = toTimeText(value);
  if (text === null) return null;
  const written = typeof value === 'number' ? readNumber(text) : readText(text);
  return written && toReadTime(value, text, written, zone);
}

function toUsualTime(text: string): ReadTime {
  if (text.length > WITHOUT_FRACTION) return { value: text, precise: text, guesses: NO_GUESSES };
  const value = `${text.slice(0, -1)}.000Z`;
  return { value, precise: value, conversion: 'ISO 8601 to UTC', guesses: NO_GUESSES };
}

/** Returns what of a value can be a time: a number's digits, a text without blanks around it; else null. */
export function toTimeText(value: JsonValue): string | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const text = String(value).trim();
  return text.length > MAX_LENGTH ? null : text;
}

/** Places a written time in a zone and writes it in UTC; null outside the years 1 to 9999. */
export function toReadTime(
  value: JsonValue,
  text: string,
  written: WrittenTime,
  zone: TimeZone | undefined,
): ReadTime | null {
  const placed = placeInZone(written, zone);
  const { epochMs, beyondMs } = placed.instant;
  if (!(epochMs >= EARLIEST_MS && epochMs <= LATEST_MS)) return null;
  const utc = CANONICAL.test(text) && written.says === 'moment' ? text : new Date(epochMs).toISOString();
  const guesses = [...placed.guesses, ...toRoundedGuesses(value)];
  if (epochMs < PLAUSIBLE_FROM_MS || epochMs >= PLAUSIBLE_TO_MS) {
    guesses.push({ code: WARNINGS.timeOutOfRange, detail: 'the year lies outside 1970 to 2200' });
  }
  const exact = beyondMs === '' ? utc : `${utc.slice(0, -1)}${beyondMs}Z`;
  // No clock showed it: the one that did show this moment is another time.
  const precise = placed.isSkipped === true ? `${exact} skipped` : exact;
  const read =
    placed.isAmbiguous === true ? { value: utc, precise, isAmbiguous: true } : { value: utc, precise };
  if (value === utc) return { ...read, guesses };
  return { ...read, conversion: `${placed.format} to UTC`, guesses };
}

function placeInZone(
  written: WrittenTime,
  zone: TimeZone | undefined,
): WrittenTime & { readonly isSkipped?: boolean } {
  const { instant, format, says, guesses } = written;
  if (says === 'moment') return written;
  if (zone === undefined) {
    return says === 'day' ? written : { ...written, guesses: [...guesses, zoneGuess()] };
  }
  const { epochMs, guess, isAmbiguous = false, isSkipped = false } = zone.toMoment(instant.epochMs);
  return {
    instant: { epochMs, beyondMs: instant.beyondMs },
    format: `${format} in ${zone.name}`,
    says: 'moment',
    guesses: guess === undefined ? guesses : [...guesses, guess],
    isAmbiguous: isAmbiguous || written.isAmbiguous === true,
    isSkipped,
  };
}

function readText(text: string): WrittenTime | null {
  return readYearFirst(text) ?? readYearLast(text) ?? readDigits(text) ?? readWithLuxon(text);
}

/**
 * Reads digits alone: what is a date between 1970 and 2200 is one, a year is no moment, all others count from the
 * epoch, but for what would be a date if there were such a day: nobody counts to 1970 in eight digits, or to 2600.
 */
function readDigits(text: string): WrittenTime | null {
  const date = readLikelyDate(text);
  if (date !== null) return date;
  const isNoDay = text.length !== CLOCK_WITHOUT_SECONDS && LIKE_A_DATE.test(text);
  const epoch = isNoDay || YEAR_ALONE.test(text) ? null : readEpoch(text);
  if (epoch === null) return null;
  return {
    instant: epoch.instant,
    format: `epoch ${epoch.unit} in a string`,
    says: 'moment',
    guesses: epoch.short ? [countGuess(epoch.unit)] : [],
  };
}

function readLikelyDate(text: string): WrittenTime | null {
  const date = LIKE_A_DATE.test(text) ? readCompact(text) : null;
  const guess = { code: WARNINGS.timeGuessed, detail: 'the digits were read as a date' };
  return date && { ...date, guesses: [guess, ...date.guesses] };
}

function countGuess(unit: EpochUnit): Guess {
  return { code: WARNINGS.timeGuessed, detail: `the digits were read as ${unit} since 1970` };
}

function readNumber(text: string): WrittenTime | null {
  const date = readLikelyDate(text);
  if (date !== null && text.length === CLOCK_WITH_SECONDS) return date;
  const epoch = readEpoch(text);
  if (epoch === null) return null;
  return {
    instant: epoch.instant,
    format: `epoch ${epoch.unit}`,
    says: 'moment',
    guesses: date !== null || YEAR_ALONE.test(text) ? [countGuess(epoch.unit)] : [],
  };
}

/** A day, a month's name and a year of two digits. */
const SHORT_YEAR = /\b\d{1,2}[ -][A-Za-z]{3}[ -]\d\d\b/;

const ENGLISH_DATES = ['d LLL yyyy', 'd LLLL yyyy', 'LLL d, yyyy', 'LLLL d, yyyy'];

/** Reads the rarer formats, only what no pattern knows. */
function readWithLuxon(text: string): WrittenTime | null {
  if (!/\d/.test(text)) return null;
  const utc = { zone: 'utc', locale: 'en-US' };
  const mail = DateTime.fromRFC2822(text, utc);
  const century = SHORT_YEAR.test(text) ? [centuryGuess()] : [];
  if (mail.isValid) return toWritten(mail, 'RFC 2822', 'moment', century);
  const http = DateTime.fromHTTP(text, utc);
  if (http.isValid) return toWritten(http, 'HTTP date', 'moment', century);
  const iso = readRareIso(text);
  if (iso !== null) return iso;
  for (const format of ENGLISH_DATES) {
    const date = DateTime.fromFormat(text, format, utc);
    if (date.isValid) return toWritten(date, 'date in words, midnight', 'day', []);
  }
  return null;
}

function toWritten(
  time: DateTime,
  format: string,
  says: WrittenTime['says'],
  guesses: readonly Guess[],
): WrittenTime {
  return { instant: { epochMs: time.toMillis(), beyondMs: '' }, format, says, guesses };
}

function zoneGuess(): Guess {
  return { code: WARNINGS.zoneAssumed, detail: 'the time names no zone; UTC was assumed' };
}
