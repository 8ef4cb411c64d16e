/*
 * What is known of one event.
 *
 *  1. MongoDB and the queue are asked side by side. A stored event is answered from MongoDB.
 *  2. One that is not stored is looked for where its mark says: in a job of the queue. Waiting is `pending`, in a
 *     worker's hands is `processing`, whether MongoDB answers or not.
 *  3. Neither: it may have been stored between the two questions, so MongoDB is asked once more, and the inbox.
 *  4. Only when both stores have said no is it unknown; when one of them could not say, the answer is 503.
 */
import type { EventDetail } from '@sluice/contracts/api';
import type { AcceptedEvent, RawEventDocument } from '@sluice/contracts/event';
import { type Mark, toSingleJobId } from '@sluice/contracts/queues';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { toConflictEventId } from '@sluice/normalizer/identity';
import type { EventsInspector, FoundJob } from '@sluice/queue/events-inspector';
import type { StoredInbox } from '@sluice/store/inbox';
import type { NormalizedEvents } from '@sluice/store/normalized-events';
import { type RawEvents, toRawItem } from '@sluice/store/raw-events';
import { toQueuedItem } from '../queued-item.ts';
import { explainDuplicate } from './explain-duplicate.ts';
import { toPayloadBody, toShownPayload } from './payload.ts';
import { toInboxTimeline, toQueuedTimeline, toStoredTimeline, toSynced } from './timeline.ts';

export type EventDetails = {
  /**
   * Returns everything that is known of an event; null when the tenant has none of this id.
   *
   * @throws DependencyAwayError when a store that is needed for a sure answer is away
   */
  read(tenant: string, id: string): Promise<EventDetail | null>;
};

export type EventDetailsOptions = {
  readonly rawEvents: Pick<RawEvents, 'get' | 'findTenant' | 'findConflicts'>;
  readonly normalizedEvents: Pick<NormalizedEvents, 'get'>;
  readonly inbox: Pick<StoredInbox, 'findByEvent'>;
  readonly inspector: Pick<EventsInspector, 'readMark' | 'findJob'>;
  /** Tells up to when all that was written is on the backup; null while that cannot be said. */
  readonly readSyncedUpTo: () => Promise<Date | null>;
  readonly now: () => number;
};

type Stored = { readonly raw: RawEventDocument | null; readonly conflicts: readonly string[] };
type Queued = { readonly mark: Mark | null; readonly job: FoundJob | null };

type Waiting = {
  readonly id: string;
  readonly status: 'pending' | 'processing';
  readonly event: AcceptedEvent;
  readonly conflicts: readonly string[];
  readonly timeline: EventDetail['timeline'];
};

/** Creates the reader of single events. */
export function createEventDetails(options: EventDetailsOptions): EventDetails {
  const { rawEvents, normalizedEvents, inbox, inspector, readSyncedUpTo, now } = options;

  async function read(tenant: string, id: string): Promise<EventDetail | null> {
    const queueAsked = Promise.allSettled([findQueued(id)]);
    const [storeSaid] = await Promise.allSettled([findStored(tenant, id)]);
    const stored = storeSaid.status === 'fulfilled' ? storeSaid.value : { raw: null, conflicts: [] };
    if (stored.raw !== null) return toStoredDetail(stored.raw, stored.conflicts);
    const [queueSaid] = await queueAsked;
    if (queueSaid.status === 'fulfilled') {
      const detail = toQueuedDetail(tenant, id, queueSaid.value, stored.conflicts);
      if (detail !== null) return detail;
    }
    if (storeSaid.status === 'rejected') throw storeSaid.reason;
    const [{ raw, conflicts }, rows] = await Promise.all([findStored(tenant, id), inbox.findByEvent(id)]);
    if (raw !== null) return toStoredDetail(raw, conflicts);
    const row = rows.find(({ event }) => event.tenant === tenant);
    if (row !== undefined) {
      const timeline = toInboxTimeline(row.event, row.at);
      return toWaitingDetail({ id, status: 'pending', event: row.event, conflicts, timeline });
    }
    if (queueSaid.status === 'rejected') throw queueSaid.reason;
    const { mark, job } = queueSaid.value;
    if (mark === null) return null;
    // A mark names no tenant: what another one has must stay unknown to this one.
    const held = job?.data?.events.find((event) => isMarked(event, id, mark));
    const owner = held?.tenant ?? rows[0]?.event.tenant ?? (await rawEvents.findTenant(id)) ?? tenant;
    return owner === tenant ? toMissingDetail(id, mark) : null;
  }

  async function findStored(tenant: string, id: string): Promise<Stored> {
    const [raw, conflicts] = await Promise.all([
      rawEvents.get(tenant, id),
      rawEvents.findConflicts(tenant, id),
    ]);
    return { raw, conflicts };
  }

  async function findQueued(id: string): Promise<Queued> {
    const mark = await inspector.readMark(id);
    return { mark, job: mark === null ? null : await inspector.findJob(mark.jobId) };
  }

  async function toStoredDetail(raw: RawEventDocument, conflicts: Stored['conflicts']): Promise<EventDetail> {
    const { _id: id, tenant, status, duplicateOf } = raw;
    const [normalized, twin, job, syncedUpTo] = await Promise.all([
      status === 'normalized' ? normalizedEvents.get(tenant, id) : null,
      duplicateOf === undefined ? null : rawEvents.get(tenant, duplicateOf),
      status === 'failed' ? findRetry(raw) : null,
      readSyncedUpTo(),
    ]);
    return {
      id,
      status,
      raw: {
        ...toRawItem(raw),
        conflicts: [...conflicts],
        headers: { ...raw.headers },
        ...toShownPayload(toPayloadBody(raw)),
      },
      normalized,
      timeline: [...toStoredTimeline(raw, job), ...toSynced(raw, syncedUpTo)],
      duplicate: explainDuplicate(raw, twin),
    };
  }

  /** The time of the next attempt is good to know, not needed. */
  async function findRetry({ _id, contentHash, run }: RawEventDocument): Promise<FoundJob | null> {
    try {
      return await inspector.findJob(toSingleJobId(_id, contentHash, run));
    } catch (error) {
      if (error instanceof DependencyAwayError) return null;
      throw error;
    }
  }

  /** A mark can outlive its event's job, for instance when Redis lost it: then the ledger names the batch. */
  function toMissingDetail(id: string, { jobId }: Mark): EventDetail {
    const detail = `Accepted within the last hour in the job ${jobId}, which the queue does not hold now; see the ledger.`;
    const timeline = [{ at: new Date(now()).toISOString(), step: 'queued' as const, detail }];
    return { id, status: 'pending', raw: null, normalized: null, timeline, duplicate: null };
  }

  return { read };
}

function toQueuedDetail(
  tenant: string,
  id: string,
  { mark, job }: Queued,
  conflicts: Stored['conflicts'],
): EventDetail | null {
  if (mark === null || job === null) return null;
  const event = job.data?.events.find((it) => it.tenant === tenant && isMarked(it, id, mark));
  if (event === undefined || !isInQueue(job.state)) return null;
  const status = job.state === 'active' ? 'processing' : 'pending';
  return toWaitingDetail({ id, status, event, conflicts, timeline: toQueuedTimeline(event, job) });
}

function isInQueue(state: FoundJob['state']): boolean {
  return state === 'waiting' || state === 'active' || state === 'delayed';
}

/** An event that used a key again is answered under the conflict's id, but travels under its own. */
function isMarked(event: AcceptedEvent, id: string, { contentHash }: Mark): boolean {
  const { tenant, source, idempotencyKey } = event;
  if (event.contentHash !== contentHash) return false;
  return event.eventId === id || toConflictEventId(tenant, source, idempotencyKey, contentHash) === id;
}

function toWaitingDetail({ id, status, event, conflicts, timeline }: Waiting): EventDetail {
  return {
    id,
    status,
    raw: {
      ...toQueuedItem(id, event, status),
      conflicts: [...conflicts],
      headers: event.headers,
      ...toShownPayload(event),
    },
    normalized: null,
    timeline,
    duplicate: null,
  };
}
