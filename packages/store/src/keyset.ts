import { hash } from 'node:crypto';
import { ProblemException } from '@sluice/contracts/errors';
import { toEndMs } from '@sluice/contracts/range-end';

/** The place of an item in a list that is ordered by time, newest first, then by id: epoch milliseconds and id. */
export type Place = { readonly at: number | null; readonly id: string };

/**
 * What a cursor belongs to: the list, the tenant, and everything it is filtered by; not how long its pages are. A
 * place in another list would be one that its reader never saw.
 */
export type CursorScope = readonly (string | undefined)[];

/** Writes a place as an opaque cursor of a list. */
export function toCursor(place: Place, scope: CursorScope): string {
  const { at, id } = place;
  return Buffer.from(JSON.stringify([at, id, toSeal(place, scope)])).toString('base64url');
}

/**
 * Reads a cursor that `toCursor` wrote for the same list.
 *
 * @throws ProblemException ERR_QUERY_INVALID
 */
export function parseCursor(cursor: string, scope: CursorScope): Place {
  const [at, id, seal, ...rest] = parseArray(cursor);
  const isTime = at === null || (typeof at === 'number' && Math.abs(at) <= MAX_TIME && Number.isInteger(at));
  if (!isTime || typeof id !== 'string' || rest.length > 0 || seal !== toSeal({ at, id }, scope))
    throw refuseParameter('cursor', 'not a cursor of this list with these filters');
  return { at, id };
}

/** The largest distance from the epoch that a Date can hold, in milliseconds. */
const MAX_TIME = 8.64e15;

/** It finds mistakes. Who forges it sees nothing that the list would not show. */
function toSeal({ at, id }: Place, scope: CursorScope): string {
  return hash('sha256', JSON.stringify([at, id, ...scope.map((part) => part ?? null)]), 'base64url').slice(
    0,
    16,
  );
}

function parseArray(cursor: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch (error) {
    throw refuseParameter('cursor', 'not a cursor of this list with these filters', error);
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
    ...(to === undefined ? {} : { $lt: parseEnd('to', to) }),
  };
}

/**
 * Reads the time at which a range ends: a bare date ends with its day (UTC).
 *
 * @throws ProblemException ERR_QUERY_INVALID
 */
export function parseEnd(parameter: string, value: string): Date {
  parseTime(parameter, value);
  return new Date(toEndMs(value));
}

/**
 * Reads a time.
 *
 * @throws ProblemException ERR_QUERY_INVALID
 */
export function parseTime(parameter: string, value: string): Date {
  const time = new Date(value);
  if (Number.isNaN(time.getTime())) throw refuseParameter(parameter, 'not a time');
  return time;
}

/** Builds the problem of one query parameter. */
export function refuseParameter(parameter: string, detail: string, cause?: unknown): ProblemException {
  return new ProblemException('ERR_QUERY_INVALID', `${parameter}: ${detail}.`, {
    errors: [{ pointer: `/${parameter}`, detail }],
    ...(cause === undefined ? {} : { cause }),
  });
}
