import type { Replay } from '@sluice/contracts/operations';

/** Says in words which events an operation is about. */
export function describeFilter({ event, filter }: Pick<Replay, 'event' | 'filter'>): string {
  if (event !== null) return `the event ${event}`;
  const { source, code, fingerprint, from, to, ids, discarded } = filter;
  const parts = [
    source === undefined ? null : `of ${source}`,
    code === undefined ? null : `with ${code}`,
    fingerprint === undefined ? null : `of the cause ${fingerprint.slice(0, 12)}`,
    from === undefined ? null : `received from ${from} on`,
    to === undefined ? null : `received until ${to}`,
    ids === undefined ? null : `chosen by hand (${ids.length})`,
    discarded === true ? 'that were discarded' : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'all dead letters' : `dead letters ${parts.join(', ')}`;
}
