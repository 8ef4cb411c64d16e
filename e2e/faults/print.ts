import { hash } from 'node:crypto';

/** The first 52 bits of a hash: enough to tell millions apart, and a Map of such numbers stays small. */
export type Print = number;

const DIGITS = 13;

/** Returns the print of a body: of its SHA-256. */
export function toBodyPrint(body: string | Uint8Array): Print {
  return toPrint(hash('sha256', body));
}

/** Returns the print of an event id, which is a hash itself. */
export function toIdPrint(id: string): Print {
  return toPrint(id.slice('evt_'.length));
}

/** Writes the print of an id so that it can be searched for in logs. */
export function showId(print: Print): string {
  return `evt_${print.toString(16).padStart(DIGITS, '0')}...`;
}

function toPrint(hex: string): Print {
  return Number.parseInt(hex.slice(0, DIGITS), 16);
}
