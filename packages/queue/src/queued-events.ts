import type { AcceptedEvent } from '@sluice/contracts/event';
import { type EventsJob, eventsJobSchema } from '@sluice/contracts/queues';
import type { Redis } from 'ioredis';
import { execPipeline, withinDeadline } from './redis-deadline.ts';

/** What to list: at most `limit` events (500 at most), from where the last page's cursor points. */
export type QueuedEventsQuery = {
  readonly state: 'waiting' | 'active' | 'delayed';
  readonly limit: number;
  readonly cursor?: string;
  /** Leaves out the others; after 512 jobs, or the reader's deadline, a page ends however few events it has. */
  readonly accept?: (queued: QueuedEvent) => boolean;
};

/** Why an event is in the queue: it came with its batch, is parked, or has a job of its own for that reason. */
export type QueuedReason = 'batch' | 'parked' | NonNullable<EventsJob['single']>['reason'];

/** An event inside a job. */
export type QueuedEvent = {
  readonly jobId: string;
  readonly event: AcceptedEvent;
  readonly reason: QueuedReason;
};

/** A page; `nextCursor` is null when nothing follows. */
export type QueuedEventsPage = { readonly items: readonly QueuedEvent[]; readonly nextCursor: string | null };

type QueueReader = {
  readonly client: Redis;
  readonly toKey: (type: string) => string;
  readonly deadlineMs: number;
};

const LIMIT_MAX = 500;

/** Jobs read at once: one can hold 512 KiB. */
const JOBS_AT_ONCE = 8;

/** The most jobs looked at for one page, should many of them be gone or unreadable. */
const JOBS_MAX = 512;

/** More events than a job can hold: a cursor behind the job. */
const ALL_SHOWN = 999_999_999;

/**
 * Lists the events of jobs, newest job first. The cursor names a job and how many of its events were shown, so
 * that jobs which come and go meanwhile shift nothing. When that job was fetched meanwhile, so were the older ones,
 * and the list ends.
 */
export async function listQueuedEvents(
  reader: QueueReader,
  query: QueuedEventsQuery,
): Promise<QueuedEventsPage> {
  const limit = Math.min(Math.max(1, query.limit), LIMIT_MAX);
  const start = await findStart(reader, query);
  if (start === null) return { items: [], nextCursor: null };
  const items: QueuedEvent[] = [];
  const until = performance.now() + reader.deadlineMs;
  let { skip } = start;
  let lastId = '';
  for (let index = start.index; index < start.index + JOBS_MAX; index += JOBS_AT_ONCE) {
    const ids = await readIds(reader, query.state, index, index + JOBS_AT_ONCE - 1);
    const jobs = await readJobs(reader, ids);
    for (const [position, jobId] of ids.entries()) {
      const job = jobs[position] ?? null;
      for (const [shown, event] of (job?.events ?? []).entries()) {
        const queued = { jobId, event, reason: toReason(job) };
        if (shown < skip || query.accept?.(queued) === false) continue;
        if (items.length === limit) return { items, nextCursor: `${shown}.${jobId}` };
        items.push(queued);
      }
      skip = 0;
      lastId = jobId;
    }
    if (ids.length < JOBS_AT_ONCE) return { items, nextCursor: null };
    if (performance.now() > until) break;
  }
  return { items, nextCursor: `${ALL_SHOWN}.${lastId}` };
}

async function findStart(
  reader: QueueReader,
  { state, cursor }: QueuedEventsQuery,
): Promise<{ index: number; skip: number } | null> {
  if (cursor === undefined) return { index: 0, skip: 0 };
  const match = /^(\d{1,9})\.(.+)$/.exec(cursor);
  if (match?.[2] === undefined) return null;
  const { client, toKey, deadlineMs } = reader;
  const finding =
    state === 'delayed'
      ? client.zrevrank(toKey('delayed'), match[2])
      : client.lpos(toListKey(reader, state), match[2]);
  const index = await withinDeadline(finding, deadlineMs, "for the page's start");
  return index === null ? null : { index, skip: Number(match[1]) };
}

function readIds(
  reader: QueueReader,
  state: QueuedEventsQuery['state'],
  from: number,
  to: number,
): Promise<string[]> {
  const { client, toKey, deadlineMs } = reader;
  const reading =
    state === 'delayed'
      ? client.zrevrange(toKey('delayed'), from, to)
      : client.lrange(toListKey(reader, state), from, to);
  return withinDeadline(reading, deadlineMs, 'for the queued jobs');
}

function toReason(job: EventsJob | null): QueuedReason {
  return job?.single?.reason ?? (job?.park === undefined ? 'batch' : 'parked');
}

/** Reads jobs; null for one that is gone since, or of an envelope that is not ours. */
async function readJobs(reader: QueueReader, ids: readonly string[]): Promise<(EventsJob | null)[]> {
  if (ids.length === 0) return [];
  const pipeline = reader.client.pipeline();
  for (const id of ids) pipeline.hget(reader.toKey(id), 'data');
  const replies = await execPipeline(pipeline, reader.deadlineMs, "for the jobs' events");
  return replies.map((data) => {
    if (typeof data !== 'string') return null;
    return eventsJobSchema.safeParse(JSON.parse(data)).data ?? null;
  });
}

function toListKey({ toKey }: QueueReader, state: 'waiting' | 'active'): string {
  return toKey(state === 'waiting' ? 'wait' : 'active');
}
