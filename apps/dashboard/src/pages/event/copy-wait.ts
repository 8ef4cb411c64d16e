import type { EventDetail } from '@sluice/contracts/api';
import { useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { syncHealthQuery } from '../../data/sync.ts';

/** For how long a record is looked for on the backup often, and how often then, in ms: a backup may be away for hours. */
const SOON_MS = 60_000;
const LATER_MS = 10_000;

/** Tells whether an event has a record that is not known to be on the backup. */
export function isUncopied({ status, timeline }: Pick<EventDetail, 'status' | 'timeline'>): boolean {
  return status === 'normalized' && timeline.every(({ step }) => step !== 'synced');
}

/**
 * Returns what tells how often, in ms, an event is to be asked for until its record is on the backup: every `oftenMs` for
 * a minute, then every 10 s; false when there is no backup, or nothing to wait for. `syncHealthQuery` has to be asked, too.
 */
export function useCopyWait(oftenMs: number): (detail: EventDetail) => number | false {
  const queries = useQueryClient();
  const begun = useRef<{ readonly id: string; readonly atMs: number }>(undefined);
  return (detail) => {
    const state = queries.getQueryData(syncHealthQuery.queryKey)?.state ?? 'off';
    if (state === 'off' || !isUncopied(detail)) return false;
    if (begun.current?.id !== detail.id) begun.current = { id: detail.id, atMs: performance.now() };
    return performance.now() - begun.current.atMs < SOON_MS ? oftenMs : LATER_MS;
  };
}
