import { type Guess, WARNINGS } from './warnings.ts';

/** Digits as JavaScript writes them, and what was guessed of their separators. */
export type PlainNumber = { readonly text: string; readonly guess?: Guess };

/** What separates thousands beside the dot and the comma. */
const SPACES = String.raw` \u00a0\u2009\u202f'\u2019`;
const ALL_SPACES = new RegExp(`[${SPACES}]`, 'g');

const SPACED = new RegExp(String.raw`^\d{1,3}(?:([${SPACES}])\d{3})(?:\1\d{3})*(?:[.,]\d+)?$`);
const COMMA_GROUPS = /^(?!0,)\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const DOT_GROUPS = /^(?!0\.)\d{1,3}(?:\.\d{3})+(?:,\d+)?$/;
const DECIMAL = /^\d*[.,]\d+$/;

/** India separates thousands, then hundreds of them: `12,34,567.50`. */
const INDIAN = String.raw`\d{1,2}(?:,\d\d)+,\d{3}`;
const INDIAN_GROUPS = new RegExp(String.raw`^(?!0,)${INDIAN}(?:\.\d+)?$`);

const THOUSANDS_LIKE = /^[-+]?[1-9]\d{0,2}[.,]\d{3}$/;

const WITH_DOT = toNotation('.', ',');
const WITH_COMMA = toNotation(',', '.');

/** Rewrites unsigned digits whose separators have to be guessed; null when they make no sense. */
export function toPlainNumber(digits: string): PlainNumber | null {
  if (/^\d+$/.test(digits)) return { text: digits };
  if (SPACED.test(digits)) return { text: digits.replace(ALL_SPACES, '').replace(',', '.') };
  if (isThousandsLike(digits)) {
    return digits.includes(',')
      ? { text: digits.replace(',', ''), guess: toGuess('the comma was read as a thousands separator') }
      : { text: digits, guess: dotGuess() };
  }
  if (DECIMAL.test(digits)) {
    return digits.includes(',')
      ? { text: digits.replace(',', '.'), guess: toGuess('the comma was read as a decimal separator') }
      : { text: digits };
  }
  if (COMMA_GROUPS.test(digits) || INDIAN_GROUPS.test(digits)) return { text: digits.replaceAll(',', '') };
  if (DOT_GROUPS.test(digits)) return { text: digits.replaceAll('.', '').replace(',', '.') };
  return null;
}

/** Rewrites unsigned digits whose decimal sign is known; null when the separators contradict it. */
export function toPlainNumberWith(decimal: '.' | ',', digits: string): PlainNumber | null {
  if (decimal === '.') {
    return WITH_DOT.test(digits) ? { text: digits.replace(ALL_SPACES, '').replaceAll(',', '') } : null;
  }
  if (!WITH_COMMA.test(digits)) return null;
  return { text: digits.replace(ALL_SPACES, '').replaceAll('.', '').replace(',', '.') };
}

/** Tells whether one comma or dot stands where it can mean thousands as well as decimals. */
export function isThousandsLike(number: string): boolean {
  return THOUSANDS_LIKE.test(number);
}

/** Warns that a dot could have meant thousands. */
export function dotGuess(): Guess {
  return toGuess('the dot was read as a decimal separator');
}

/** A lone zero begins no thousands: `0,123` is written with the other decimal sign. */
function toNotation(decimal: string, group: string): RegExp {
  const indian = group === ',' ? `|(?!0,)${INDIAN}` : '';
  const whole = String.raw`(?:\d+|(?!0[${group}])\d{1,3}([${group}${SPACES}])\d{3}(?:\1\d{3})*${indian})`;
  const fraction = String.raw`[${decimal}]\d+`;
  return new RegExp(String.raw`^(?:${whole}(?:${fraction})?|${fraction})(?:[eE][-+]?\d{1,4})?$`);
}

function toGuess(detail: string): Guess {
  return { code: WARNINGS.numberGuessed, detail };
}
