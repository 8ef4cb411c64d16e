import type { NormalizationWarning } from '@sluice/contracts/event';

/** Why a record carries a warning. */
export const WARNINGS = {
  /** An expected field is not there; it is null. */
  fieldMissing: 'WARN_FIELD_MISSING',
  /** Several fields could have been meant; the first of the alias table was taken. */
  fieldAmbiguous: 'WARN_FIELD_AMBIGUOUS',
  /** An unknown field has the name of a canonical one and is left out of `data`. */
  fieldDropped: 'WARN_FIELD_DROPPED',
  /** A comma or dot can mean thousands or decimals. */
  numberGuessed: 'WARN_NUMBER_GUESSED',
  /** The number has more digits than a double keeps. */
  numberRounded: 'WARN_NUMBER_ROUNDED',
  /** The currency of an amount is not kept; records of several currencies look alike. */
  currencyDropped: 'WARN_CURRENCY_DROPPED',
  /** A single letter was read as yes or no. */
  booleanGuessed: 'WARN_BOOLEAN_GUESSED',
  /** Day and month could be the other way round, digits another part of a time, a date or an epoch. */
  timeGuessed: 'WARN_TIME_GUESSED',
  /** The time names no zone; UTC was assumed. */
  zoneAssumed: 'WARN_ZONE_ASSUMED',
  /** The clocks of the zone skipped the time, or showed it twice. */
  clockChanged: 'WARN_CLOCK_CHANGED',
  /** The year lies outside 1970 to 2200. */
  timeOutOfRange: 'WARN_TIME_OUT_OF_RANGE',
  /** The time lies more than 24 hours after the event's arrival. */
  timeAhead: 'WARN_TIME_AHEAD',
  /** The payload looks like several built-in types; the first was taken. */
  typeGuessed: 'WARN_TYPE_GUESSED',
  /** The name has not exactly two words; which of them are first names is a guess. */
  nameGuessed: 'WARN_NAME_GUESSED',
  /** The payload of a built-in type is no object; it is passed through. */
  payloadNotObject: 'WARN_PAYLOAD_NOT_OBJECT',
} as const;

/** The code of a warning. */
export type WarningCode = (typeof WARNINGS)[keyof typeof WARNINGS];

/** A warning before it is known which field it is about. */
export type Guess = { readonly code: WarningCode; readonly detail: string };

/** Makes a warning about a field. */
export function toWarning(field: string, guess: Guess): NormalizationWarning {
  return { code: guess.code, field, detail: guess.detail };
}

/** Tells whether digits were lost, so that two values that look alike may differ. */
export function isRounded(guesses: readonly Guess[]): boolean {
  return guesses.some(({ code }) => code === WARNINGS.numberRounded);
}
