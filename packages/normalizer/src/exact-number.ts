/** Tokens shorter than this and without an exponent have at most 15 significant digits, which a double keeps. */
const ALWAYS_EXACT_LENGTH = 16;

/**
 * Tells whether a JSON number token still means the same decimal number after a round trip through a double:
 * `1.0`, `1e2` and `0.1` do, `12345678901234567890`, `1e400` and `0.1234567890123456789` do not.
 */
export function isExactNumber(token: string): boolean {
  if (token.length < ALWAYS_EXACT_LENGTH && !/[eE]/.test(token)) return true;
  const value = Number(token);
  if (!Number.isFinite(value)) return false;
  const before = toDecimal(token);
  const after = toDecimal(String(value));
  return before.digits === after.digits && before.exponent === after.exponent;
}

/** Splits a number token into its significant digits (without sign) and the power of ten of the last of them. */
function toDecimal(token: string): { digits: string; exponent: number } {
  const mark = token.search(/[eE]/);
  const mantissa = (mark < 0 ? token : token.slice(0, mark)).replace(/^[-+]/, '');
  const dot = mantissa.indexOf('.');
  const all = dot < 0 ? mantissa : mantissa.slice(0, dot) + mantissa.slice(dot + 1);
  let start = 0;
  let end = all.length;
  // Loops, not patterns: /0+$/ takes quadratic time on a long token of zeros.
  while (start < end && all[start] === '0') start++;
  while (end > start && all[end - 1] === '0') end--;
  if (start === end) return { digits: '', exponent: 0 };
  const scale = mark < 0 ? 0 : Number(token.slice(mark + 1));
  const fraction = dot < 0 ? 0 : mantissa.length - dot - 1;
  return { digits: all.slice(start, end), exponent: scale - fraction + (all.length - end) };
}
