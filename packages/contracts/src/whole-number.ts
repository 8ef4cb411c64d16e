import { z } from 'zod';

/**
 * Builds the schema of a whole number in a query string: decimal digits only, where `Number` would take `0x10`, `1e2`
 * and blanks too.
 */
export function wholeNumber(min: number, max: number) {
  return z.preprocess(
    (given) => (typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : given),
    z.number().int().min(min).max(max),
  );
}
