import type { Mark } from '@sluice/contracts/queues';

/** Names the key of an event's mark. */
export function toMarkKey(prefix: string, eventId: string): string {
  return `${prefix}:mark:${eventId}`;
}

/** Writes a mark as `<contentHash> <jobId>`. */
export function toMarkValue(mark: Mark): string {
  return `${mark.contentHash} ${mark.jobId}`;
}

/** Reads a mark; null when there is none or it is not one of ours. */
export function parseMark(value: string | null | undefined): Mark | null {
  if (value === null || value === undefined) return null;
  const space = value.indexOf(' ');
  if (space < 1) return null;
  return { contentHash: value.slice(0, space), jobId: value.slice(space + 1) };
}

/**
 * Names the set of the ids of parked jobs. A job counts as parked while it is in this set and delayed; members
 * that are no longer delayed do not count, so the set need not be exact.
 */
export function toParkedKey(prefix: string): string {
  return `${prefix}:parked`;
}

/** Names the key that is there while maintenance is on; it holds since when. */
export function toMaintenanceKey(prefix: string): string {
  return `${prefix}:maintenance`;
}

/** Names the copy of an API key. */
export function toKeyMirrorKey(prefix: string, id: string): string {
  return `${prefix}:key:${id}`;
}

/** Names the hash that holds a copy of the declared sources. */
export function toSourcesKey(prefix: string): string {
  return `${prefix}:sources`;
}

/** Names what is known of the processes: when each was seen last, and what it said. */
export function toProcessesKey(prefix: string, part: 'seen' | 'said'): string {
  return `${prefix}:processes:${part}`;
}
