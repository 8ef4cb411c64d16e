import type { JsonValue } from '@sluice/contracts/json';

/** Writes the line that sends a payload again, for a POSIX shell; nothing in the payload ends its quotes. */
export function toCurl(origin: string, source: string, payload: JsonValue): string {
  const body = JSON.stringify({ source, payload }).replaceAll("'", "'\\''");
  return `curl -X POST ${origin}/api/events -H 'content-type: application/json' -d '${body}'`;
}
