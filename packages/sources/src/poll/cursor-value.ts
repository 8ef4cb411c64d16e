import type { JsonValue } from '@sluice/contracts/json';
import type { CursorValue } from '@sluice/contracts/poll';

const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;
/** 1e11 seconds are in the year 5138, 1e11 milliseconds in 1973. */
const FIRST_MILLIS = 1e11;

/**
 * Reads a cursor value: RFC 3339 (`iso`), the same without a zone, taken for UTC (`local`), or epoch seconds or
 * milliseconds, as a number or as text. Returns undefined for anything else.
 */
export function parseCursorValue(value: JsonValue | undefined): CursorValue | undefined {
  if (typeof value === 'number') return fromNumber(value);
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,16}(\.\d+)?$/.test(value) && value.length > 4) return fromNumber(Number(value));
  const [whole, zone] = ISO.exec(value) ?? [];
  if (whole === undefined) return undefined;
  const dateOnly = whole.length === 10;
  const atMs = Date.parse(
    `${whole.replace(' ', 'T').replace(',', '.')}${zone === undefined && !dateOnly ? 'Z' : ''}`,
  );
  return Number.isNaN(atMs)
    ? undefined
    : { atMs: Math.floor(atMs), form: zone === undefined ? 'local' : 'iso' };
}

/** Writes a cursor value the way its source writes them. */
export function formatCursorValue({ atMs, form }: CursorValue): string {
  switch (form) {
    case 'iso':
      return new Date(atMs).toISOString();
    case 'local':
      return new Date(atMs).toISOString().slice(0, -1);
    case 'seconds':
      return String(Math.floor(atMs / 1000));
    case 'millis':
      return String(atMs);
  }
}

function fromNumber(value: number): CursorValue | undefined {
  if (!Number.isFinite(value) || value < 0 || value > 8.64e15) return undefined;
  return value < FIRST_MILLIS
    ? { atMs: Math.floor(value * 1000), form: 'seconds' }
    : { atMs: Math.floor(value), form: 'millis' };
}
