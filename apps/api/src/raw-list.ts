/*
 * The list of raw events.
 *
 * Stored events are listed by MongoDB. `processing` events are in the queue only. `pending` ones are first those of
 * the queue, then those that are stored as pending because they are parked or were set apart. A cursor says in
 * which part the next page begins.
 */
import type { RawItem, RawQuery } from '@sluice/contracts/api';
import { toEndMs } from '@sluice/contracts/range-end';
import type { EventsInspector } from '@sluice/queue/events-inspector';
import type { QueuedEvent, QueuedEventsQuery } from '@sluice/queue/queued-events';
import { type CursorScope, parseCursor, refuseParameter, toCursor } from '@sluice/store/keyset';
import type { RawEvents } from '@sluice/store/raw-events';
import { toQueuedItem } from './queued-item.ts';

export type RawPage = { readonly items: RawItem[]; readonly nextCursor: string | null };

export type RawListOptions = {
  readonly rawEvents: Pick<RawEvents, 'list'>;
  readonly inspector: Pick<EventsInspector, 'listEvents'>;
};

const PARTS = {
  pending: ['waiting', 'delayed', 'stored'],
  processing: ['active'],
} as const satisfies Record<string, readonly (QueuedEventsQuery['state'] | 'stored')[]>;
type Part = (typeof PARTS)[keyof typeof PARTS][number];

/**
 * Creates the list. It throws ProblemException ERR_QUERY_INVALID for a cursor that is not its own, and
 * DependencyAwayError.
 */
export function createRawList({ rawEvents, inspector }: RawListOptions) {
  return async function listRaw(tenant: string, query: RawQuery): Promise<RawPage> {
    const { status } = query;
    if (status !== 'pending' && status !== 'processing') return rawEvents.list(tenant, query);
    // What is not stored yet has no code, and is no dead letter.
    const isOfStored = (query.code ?? query.fingerprint ?? query.discarded) !== undefined;
    const parts: readonly Part[] = PARTS[status].filter((it) => !isOfStored || it === 'stored');
    if (parts.length === 0) return { items: [], nextCursor: null };
    const scope = toScope(tenant, query);
    let { part, cursor } = readCursor(parts, query.cursor, scope);
    const items: RawItem[] = [];
    while (part !== undefined && items.length < query.limit) {
      const page = await listPart(tenant, { ...query, limit: query.limit - items.length }, part, cursor);
      items.push(...page.items);
      cursor = page.nextCursor ?? undefined;
      if (cursor !== undefined) break;
      part = parts[parts.indexOf(part) + 1];
    }
    const nextCursor =
      part === undefined ? null : toCursor({ at: null, id: `${part}.${cursor ?? ''}` }, scope);
    return { items, nextCursor };
  };

  async function listPart(tenant: string, query: RawQuery, part: Part, cursor: string | undefined) {
    const { cursor: _own, ...filter } = query;
    const place = cursor === undefined ? {} : { cursor };
    if (part === 'stored') return rawEvents.list(tenant, { ...filter, ...place });
    const page = await inspector.listEvents({
      state: part,
      limit: query.limit,
      ...place,
      accept: (queued) => isUnstored(queued) && isListed(queued, tenant, query),
    });
    const status = part === 'active' ? 'processing' : 'pending';
    return { ...page, items: page.items.map(({ event }) => toQueuedItem(event.eventId, event, status)) };
  }
}

function toScope(tenant: string, { status, source, from, to, ...query }: RawQuery): CursorScope {
  return ['queued', tenant, status, source, query.code, query.fingerprint, query.discarded, from, to];
}

function readCursor(parts: readonly Part[], given: string | undefined, scope: CursorScope) {
  if (given === undefined) return { part: parts[0], cursor: undefined };
  const { id } = parseCursor(given, scope);
  const dot = id.indexOf('.');
  const part = parts.find((it) => it === id.slice(0, dot));
  if (part === undefined) throw refuseParameter('cursor', 'not a cursor of this list');
  const cursor = id.slice(dot + 1);
  return { part, cursor: cursor === '' ? undefined : cursor };
}

/** Events with jobs of their own are stored, under a status that is not read from the queue, but for the inbox's. */
function isUnstored({ reason }: QueuedEvent): boolean {
  return reason === 'batch' || reason === 'inbox';
}

function isListed({ event }: QueuedEvent, tenant: string, { source, from, to }: RawQuery): boolean {
  if (event.tenant !== tenant) return false;
  if (source !== undefined && event.source !== source) return false;
  const receivedAt = Date.parse(event.receivedAt);
  return (
    (from === undefined || receivedAt >= Date.parse(from)) && (to === undefined || receivedAt < toEndMs(to))
  );
}
