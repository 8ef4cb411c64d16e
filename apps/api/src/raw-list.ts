/*
 * The list of raw events.
 *
 * Stored events are listed by MongoDB. `processing` events are in the queue only. `pending` ones are first those of
 * the queue, then those that are stored as pending because they are parked or were set apart. A cursor says in
 * which part the next page begins.
 */
import type { RawItem, RawQuery } from '@sluice/contracts/api';
import { ProblemException } from '@sluice/contracts/errors';
import type { EventsInspector } from '@sluice/queue/events-inspector';
import type { QueuedEvent, QueuedEventsQuery } from '@sluice/queue/queued-events';
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
    // What is not stored yet has no code.
    const parts: readonly Part[] = PARTS[status].filter((it) => query.code === undefined || it === 'stored');
    if (parts.length === 0) return { items: [], nextCursor: null };
    let { part, cursor } = readCursor(parts, query.cursor);
    const items: RawItem[] = [];
    while (part !== undefined && items.length < query.limit) {
      const page = await listPart(tenant, { ...query, limit: query.limit - items.length }, part, cursor);
      items.push(...page.items);
      cursor = page.nextCursor ?? undefined;
      if (cursor !== undefined) break;
      part = parts[parts.indexOf(part) + 1];
    }
    return { items, nextCursor: part === undefined ? null : `${part}.${cursor ?? ''}` };
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

function readCursor(parts: readonly Part[], given: string | undefined) {
  if (given === undefined) return { part: parts[0], cursor: undefined };
  const dot = given.indexOf('.');
  const part = parts.find((it) => it === given.slice(0, dot));
  if (part === undefined) {
    const detail = 'not a cursor of this list';
    throw new ProblemException('ERR_QUERY_INVALID', `cursor: ${detail}.`, {
      errors: [{ pointer: '/cursor', detail }],
    });
  }
  const cursor = given.slice(dot + 1);
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
    (from === undefined || receivedAt >= Date.parse(from)) && (to === undefined || receivedAt < toEnd(to))
  );
}

const DAY_MS = 86_400_000;

/** A bare date as the end includes that day. */
function toEnd(to: string): number {
  return Date.parse(to) + (/^\d{4}-\d{2}-\d{2}$/.test(to) ? DAY_MS : 0);
}
