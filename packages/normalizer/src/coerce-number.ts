import type { JsonValue } from '@sluice/contracts/json';
import { isExactNumber } from './exact-number.ts';
import { dotGuess, isThousandsLike, toPlainNumber, toPlainNumberWith } from './number-notation.ts';
import { roundedGuess, toRoundedGuesses } from './rounded-number.ts';
import { type Guess, WARNINGS } from './warnings.ts';

/**
 * A number read from a value; `conversion` says what had to be done, absent when nothing had. `currency` is the
 * sign or code that stood beside it.
 */
export type ReadNumber = {
  readonly value: number;
  readonly conversion?: string;
  readonly currency?: string;
  readonly guesses: readonly Guess[];
};

/** What a mapping says of a number: which sign stands before decimals. */
export type DeclaredNumber = { readonly decimal?: '.' | ',' };

/** Longer texts are no numbers. */
const MAX_LENGTH = 64;

const PLAIN = /^[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,4})?$/;

const CURRENCY_CODE =
  'EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|TRY|UAH|ILS|ZAR|MXN|BRL|SGD|HKD|KRW';
const CURRENCY_SIGN = String.raw`(?:US|CA|AU|NZ|HK|A|C|S|R)?\$|\p{Sc}`;
const CURRENCY_WORD = String.raw`kr\.?|zł|Kč|Ft|Fr\.|Rs\.?`;
const CURRENCY = new RegExp(
  String.raw`^(?:${CURRENCY_SIGN}|(?:${CURRENCY_CODE}|${CURRENCY_WORD})(?!\p{L}))|(?<!\p{L})(?:${CURRENCY_SIGN}|${CURRENCY_CODE}|${CURRENCY_WORD})$`,
  'u',
);

/**
 * Reads a number as people and old systems write it: `1200`, `"1,200.50"`, `"1.200,50"`, `"1 200,50"`, `"€ 12,5"`,
 * `"12,34,567"`, `"1e3"`. One comma before exactly three digits (`"1,200"`) is read as thousands, one dot (`"1.200"`)
 * as decimals; both are guesses, and so is a lone decimal comma. Null for anything else: hexadecimal, NaN, infinity,
 * percentages (nobody says whether 5 or 0.05 is meant), blanks.
 *
 * A field that is declared a number is read as accountants write it too: `"(12.50)"` and `"12.50-"` are negative,
 * `"12,-"` has no cents; and when its decimal sign is declared, nothing is guessed: the other sign separates
 * thousands.
 */
export function coerceNumber(value: JsonValue, declared?: DeclaredNumber): ReadNumber | null {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return null;
    return { value, guesses: toRoundedGuesses(value) };
  }
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return null;
  const trimmed = value.trim();
  const decimal = declared?.decimal;
  if (decimal === undefined && PLAIN.test(trimmed)) {
    return finish(trimmed, 'string to number', isThousandsLike(trimmed) ? dotGuess() : undefined);
  }
  const toPlain = (digits: string) =>
    decimal === undefined ? toPlainNumber(digits) : toPlainNumberWith(decimal, digits);
  const bare = toPlain(trimmed);
  if (bare !== null) return finish(bare.text, 'string to number', bare.guess);
  const { negative, digits, currency, marks } = unwrap(trimmed, declared !== undefined);
  const plain = toPlain(digits);
  if (plain === null) return null;
  const conversion = ['string to number', ...(currency === '' ? [] : [`without ${currency}`]), ...marks];
  const read = finish((negative ? '-' : '') + plain.text, conversion.join(', '), plain.guess);
  return read && currency !== '' ? { ...read, currency } : read;
}

/** Returns what was guessed of a number, its lost currency included. */
export function toNumberGuesses({ currency, guesses }: ReadNumber): readonly Guess[] {
  if (currency === undefined) return guesses;
  const detail = `the currency ${currency} is not kept`;
  return [...guesses, { code: WARNINGS.currencyDropped, detail }];
}

function finish(text: string, conversion: string, guess: Guess | undefined): ReadNumber | null {
  const number = Number(text);
  if (!Number.isFinite(number)) return null;
  const guesses = guess === undefined ? [] : [guess];
  if (!isExactNumber(text)) guesses.push(roundedGuess());
  // Plus zero, because -0 and 0 are the same amount.
  return { value: number + 0, conversion, guesses };
}

type Unwrapped = {
  readonly negative: boolean;
  readonly digits: string;
  readonly currency: string;
  /** How an accountant's sign was read. */
  readonly marks: readonly string[];
};

const LEADING_SIGN = /^[-+\u2212] */;
const TRAILING_MINUS = / *[-\u2212]$/;
const PARENTHESES = /^\(([^()]*)\)$/;
const NO_CENTS = /(?<=\d)([.,])(?:-{1,2}|[\u2013\u2014])$/;

/** Takes off one sign and one currency, in either order: `-€5`, `€ -5`, `5 EUR`; what is left may be no digits. */
function unwrap(text: string, accounting: boolean): Unwrapped {
  let digits = text;
  let sign = '';
  let currency = '';
  const marks: string[] = [];
  for (let before = ''; before !== digits; digits = digits.trim()) {
    before = digits;
    const found = currency === '' ? CURRENCY.exec(digits) : null;
    if (found !== null) {
      currency = found[0];
      digits = found.index === 0 ? digits.slice(currency.length) : digits.slice(0, found.index);
    } else if (accounting && NO_CENTS.test(digits)) {
      digits = digits.replace(NO_CENTS, (_, sign: string) => `${sign}0`);
    } else if (sign === '' && LEADING_SIGN.test(digits)) {
      sign = digits.startsWith('+') ? '+' : '-';
      digits = digits.slice(1);
    } else if (accounting && sign === '' && TRAILING_MINUS.test(digits)) {
      sign = '-';
      marks.push('trailing minus');
      digits = digits.replace(TRAILING_MINUS, '');
    } else if (accounting && sign === '' && PARENTHESES.test(digits)) {
      sign = '-';
      marks.push('parentheses as minus');
      digits = digits.slice(1, -1);
    }
  }
  return { negative: sign === '-', digits, currency, marks };
}
