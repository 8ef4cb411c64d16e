import { ProblemException } from '@sluice/contracts/errors';

/** The place of an item in a list that is ordered by time, newest first, then by id: epoch milliseconds and id. */
export type Place = { readonly at: number | null; readonly id: string };

/** Writes a place as an opaque cursor. */
export function toCursor({ at, id }: Place): string {
  return Buffer.from(JSON.stringify([at, id])).toString('base64url');
}

/**
 * Reads a cursor that `toCursor` wrote.
 *
 * @throws ProblemException ERR_QUERY_INVALID
 */
export function parseCursor(cursor: string): Place {
  const [at, id, ...rest] = parseArray(cursor);
  const isTime = at === null || (typeof at === 'number' && Math.abs(at) <= MAX_TIME && Number.isInteger(at));
  if (!isTime || typeof id !== 'string' || rest.length > 0)
    throw invalid('cursor', 'not a cursor of this list');
  return { at, id };
}

/** The largest distance from the epoch that a Date can hold, in milliseconds. */
const MAX_TIME = 8.64e15;

function parseArray(cursor: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch (error) {
    throw invalid('cursor', 'not a cursor of this list', error);
  }
}

/**
 * Reads the times of a list's query as the bounds of a filter: `from` is inclusive, `to` exclusive, and a bare date
 * as `to` includes that day (UTC). Undefined when neither is given.
 *
 * @throws ProblemException ERR_QUERY_INVALID
 */
export function parseRange({
  from,
  to,
}: {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}): { readonly $gte?: Date; readonly $lt?: Date } | undefined {
  if (from === undefined && to === undefined) return undefined;
  return {
    ...(from === undefined ? {} : { $gte: parseTime('from', from) }),
    ...(to === undefined ? {} : { $lt: toEnd(to) }),
  };
}

const DAY_MS = 86_400_000;

function toEnd(to: string): Date {
  const time = parseTime('to', to);
  return /^\d{4}-\d{2}-\d{2}$/.test(to) ? new Date(time.getTime() + DAY_MS) : time;
}

function parseTime(name: string, value: string): Date {
  const time = new Date(value);
  if (Number.isNaN(time.getTime())) throw invalid(name, 'not a time');
  return time;
}

/** Builds the problem of one query parameter. */
function invalid(parameter: string, detail: string, cause?: unknown): ProblemException {
  return new ProblemException('ERR_QUERY_INVALID', `${parameter}: ${detail}.`, {
    errors: [{ pointer: `/${parameter}`, detail }],
    ...(cause === undefined ? {} : { cause }),
  });
}
