import type { JsonValue } from '@sluice/contracts/json';
import { isExactNumber } from './exact-number.ts';
import { type Guess, WARNINGS } from './warnings.ts';

/** A number read from a value; `conversion` says what had to be done, absent when nothing had. */
export type ReadNumber = {
  readonly value: number;
  readonly conversion?: string;
  readonly guesses: readonly Guess[];
};

/** Longer texts are no numbers. */
const MAX_LENGTH = 64;

const PLAIN = /^[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,4})?$/;
const SIGN = /^[-+\u2212]/;
const CURRENCY_CODE = 'EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CZK|BRL';
const CURRENCY = new RegExp(
  String.raw`^(?:\p{Sc}|(?:${CURRENCY_CODE})(?![A-Za-z]))|(?:\p{Sc}|(?<![A-Za-z])(?:${CURRENCY_CODE}))$`,
  'u',
);

/**
 * Reads a number as people and old systems write it: `1200`, `"1,200.50"`, `"1.200,50"`, `"1 200,50"`, `"€ 12,5"`,
 * `"1e3"`. One comma before exactly three digits (`"1,200"`) is read as thousands, one dot (`"1.200"`) as
 * decimals; both are guesses, and so is a lone decimal comma. Null for anything else: hexadecimal, NaN, infinity,
 * percentages, parentheses, blanks.
 */
export function coerceNumber(value: JsonValue): ReadNumber | null {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return null;
    // What was written may have had more digits: those are gone since it was parsed.
    const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value);
    return { value, guesses: isRounded ? [roundedGuess()] : [] };
  }
  if (typeof value !== 'string' || value.length > MAX_LENGTH) return null;
  const trimmed = value.trim();
  if (PLAIN.test(trimmed))
    return finish(trimmed, 'string to number', isThousandsLike(trimmed) ? [dotGuess()] : []);
  const { sign, digits, currency } = unwrap(trimmed);
  const plain = toPlain(digits);
  if (plain === null) return null;
  const conversion = currency === '' ? 'string to number' : `string to number, without ${currency}`;
  return finish(sign + plain.text, conversion, plain.guess === undefined ? [] : [plain.guess]);
}

function finish(text: string, conversion: string, guesses: readonly Guess[]): ReadNumber | null {
  const number = Number(text);
  if (!Number.isFinite(number)) return null;
  const rounded = isExactNumber(text) ? [] : [roundedGuess()];
  // Plus zero, because -0 and 0 are the same amount.
  return { value: number + 0, conversion, guesses: [...guesses, ...rounded] };
}

/** Takes sign and currency off, in either order: `-€5`, `€ -5`, `5 EUR`. */
function unwrap(text: string): { sign: string; digits: string; currency: string } {
  let rest = text;
  let sign = '';
  let currency = '';
  const takeSign = () => {
    const found = SIGN.exec(rest)?.[0];
    if (found === undefined || sign !== '') return;
    sign = found === '+' ? '+' : '-';
    rest = rest.slice(1).trim();
  };
  takeSign();
  const found = CURRENCY.exec(rest);
  if (found !== null) {
    currency = found[0];
    rest = (found.index === 0 ? rest.slice(currency.length) : rest.slice(0, found.index)).trim();
  }
  takeSign();
  return { sign: sign === '-' ? '-' : '', digits: rest, currency };
}

type Plain = { readonly text: string; readonly guess?: Guess };

const SPACED = /^\d{1,3}(?:([ \u00a0\u2009\u202f'\u2019])\d{3})(?:\1\d{3})*(?:[.,]\d+)?$/;
const COMMA_GROUPS = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const DOT_GROUPS = /^\d{1,3}(?:\.\d{3})+(?:,\d+)?$/;
const DECIMAL = /^\d+[.,]\d+$/;

/** Rewrites digits with separators as JavaScript writes them; null when the separators make no sense. */
function toPlain(digits: string): Plain | null {
  if (/^\d+$/.test(digits)) return { text: digits };
  if (SPACED.test(digits))
    return { text: digits.replace(/[ \u00a0\u2009\u202f'\u2019]/g, '').replace(',', '.') };
  if (isThousandsLike(digits)) {
    return digits.includes(',')
      ? { text: digits.replace(',', ''), guess: commaGuess() }
      : { text: digits, guess: dotGuess() };
  }
  if (DECIMAL.test(digits)) {
    return digits.includes(',')
      ? { text: digits.replace(',', '.'), guess: decimalGuess() }
      : { text: digits };
  }
  if (COMMA_GROUPS.test(digits)) return { text: digits.replaceAll(',', '') };
  if (DOT_GROUPS.test(digits)) return { text: digits.replaceAll('.', '').replace(',', '.') };
  return null;
}

/** Tells whether one comma or dot stands where it can mean thousands as well as decimals. */
function isThousandsLike(digits: string): boolean {
  return /^[-+]?[1-9]\d{0,2}[.,]\d{3}$/.test(digits);
}

function roundedGuess(): Guess {
  return { code: WARNINGS.numberRounded, detail: 'the number has more digits than can be kept' };
}

function commaGuess(): Guess {
  return { code: WARNINGS.numberGuessed, detail: 'the comma was read as a thousands separator' };
}

function decimalGuess(): Guess {
  return { code: WARNINGS.numberGuessed, detail: 'the comma was read as a decimal separator' };
}

function dotGuess(): Guess {
  return { code: WARNINGS.numberGuessed, detail: 'the dot was read as a decimal separator' };
}
