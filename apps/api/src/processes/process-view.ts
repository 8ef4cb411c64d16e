import { type ProcessItem, SILENT_AFTER_MS } from '@sluice/contracts/processes';
import type { HeardProcess } from '@sluice/queue/process-register';

/** Shows processes by app, those that are there first, the oldest first. */
export function toProcessItems(heard: readonly HeardProcess[]): ProcessItem[] {
  return heard.map(toItem).toSorted(compare);
}

function toItem({ beat, seenAt, silentMs }: HeardProcess): ProcessItem {
  const isSilent = beat.state !== 'ended' && silentMs > SILENT_AFTER_MS;
  return {
    ...beat,
    state: isSilent ? 'silent' : beat.state,
    seenAt: seenAt.toISOString(),
    silentMs: Math.round(silentMs),
  };
}

/** Tells whether a process is there: it may be holding, or about to end. */
export function isThere({ state }: Pick<ProcessItem, 'state'>): boolean {
  return state !== 'ended' && state !== 'silent';
}

function compare(left: ProcessItem, right: ProcessItem): number {
  return (
    left.app.localeCompare(right.app) ||
    Number(isThere(right)) - Number(isThere(left)) ||
    left.startedAt.localeCompare(right.startedAt) ||
    left.instance.localeCompare(right.instance)
  );
}
