import type { JsonValue } from '@sluice/contracts/json';
import { coerceTime, type ReadTime, toReadTime, toTimeText } from './coerce-time.ts';
import type { TimeFormat } from './time-format.ts';
import type { TimeZone } from './time-zone.ts';
import { WARNINGS } from './warnings.ts';

/** Epoch counts below this are times before March 1973: no rival to a reading by another format. */
const USUAL_FROM_MS = 100_000_000_000;

/**
 * Creates the reader of a date that a mapping declares. Without formats everything is read that `coerceTime` reads;
 * with formats only what is written in one of them, the first that fits. When another format fits too and means
 * another moment, a warning says so.
 */
export function createTimeReader(
  formats: readonly TimeFormat[],
  zone: TimeZone | undefined,
): (value: JsonValue) => ReadTime | null {
  if (formats.length === 0) return (value) => coerceTime(value, zone);
  return (value) => {
    const text = toTimeText(value);
    if (text === null) return null;
    let found: ReadTime | null = null;
    for (const format of formats) {
      const written = format.read(text);
      const read = written && toReadTime(value, text, written, zone);
      if (read === null) continue;
      if (found === null) found = read;
      else if (isRival(read, found)) return withRival(found);
    }
    return found;
  };
}

function isRival(read: ReadTime, found: ReadTime): boolean {
  return read.precise !== found.precise && Date.parse(read.value) >= USUAL_FROM_MS;
}

function withRival(read: ReadTime): ReadTime {
  const detail = 'another declared format reads it as another time';
  return { ...read, guesses: [...read.guesses, { code: WARNINGS.timeGuessed, detail }] };
}
