import { z } from 'zod';
import { isBareDate, toEndMs } from './range-end.ts';

const time = z.union([z.iso.datetime({ offset: true }), z.iso.date()], {
  error: 'expected a time like 2026-01-31T12:00:00Z, or a date like 2026-01-31',
});

/** The parameters of a list that can be cut by time; what has them also refuses a range that is not `isInOrder`. */
export const timeRange = {
  from: time.optional().describe('Only from this time on: RFC 3339, or a date (UTC).'),
  to: time
    .optional()
    .describe(
      'Only before this time: RFC 3339, or a date, whose day is included (UTC). Not earlier than `from`.',
    ),
} as const;

type Range = { readonly from?: string | undefined; readonly to?: string | undefined };

/** What `refine` says of a range that is not `isInOrder`. */
export const NOT_IN_ORDER = { path: ['to'], message: 'lies before from' };

/** Tells whether a range does not end before it begins; one of no length is in order, and so is one that is open. */
export function isInOrder({ from, to }: Range): boolean {
  if (from === undefined || to === undefined) return true;
  const [fromMs, endMs] = [Date.parse(from), toEndMs(to)];
  // The end of a day is the beginning of the next, which lies behind the date.
  return !(fromMs > endMs || (fromMs === endMs && isBareDate(to)));
}
