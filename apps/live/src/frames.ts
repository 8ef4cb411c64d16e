import type { NormalizedItem } from '@sluice/contracts/api';
import { LIVE_EVENTS, type LiveMessage, type StreamQuery } from '@sluice/contracts/live';
import type { Change } from '@sluice/store/changes';

/** A message, written once for all who watch: `frame` is what goes over the wire. */
export type LiveEntry = Pick<NormalizedItem, 'source' | 'type' | 'subject'> & {
  readonly token: string;
  readonly frame: Buffer;
};

/** Tells clients how long to wait before they connect again, in milliseconds. */
export const RETRY_FRAME = 'retry: 1000\n\n';

/** Writes a change as a message. */
export function toEntry({ token, item }: Change): LiveEntry {
  const message: LiveMessage = item;
  const { source, type, subject } = item;
  return { token, source, type, subject, frame: Buffer.from(toFrame(LIVE_EVENTS.event, token, message)) };
}

/** Writes a heartbeat; without an id the client keeps the one it has. */
export function toHeartbeat(token: string | null, now: number): string {
  return toFrame(LIVE_EVENTS.heartbeat, token, { at: new Date(now).toISOString() });
}

/** Writes the message that says: something may have been missed, read everything again. */
export function toReset(token: string | null, reason: string): string {
  return toFrame(LIVE_EVENTS.reset, token, { reason });
}

/** Tells whether a message passes a client's filter. */
export function isWanted(entry: LiveEntry, { source, type, subject }: StreamQuery): boolean {
  return (
    (source === undefined || source === entry.source) &&
    (type === undefined || type === entry.type) &&
    (subject === undefined || subject === entry.subject)
  );
}

/** JSON holds no line break, so one `data` line carries it. */
function toFrame(event: string, id: string | null, data: unknown): string {
  return `event: ${event}\n${id === null ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
