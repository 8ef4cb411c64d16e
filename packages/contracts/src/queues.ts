import { z } from 'zod';
import { acceptedEventSchema } from './event.ts';

/** The BullMQ queues. */
export const QUEUES = { events: 'events', polls: 'polls', sync: 'sync' } as const;

/** The largest number of events, and of bytes of bodies and headers, in one job; a bigger event travels alone. */
export const MAX_BATCH_EVENTS = 200;
export const MAX_BATCH_BYTES = 512 * 1024;

/**
 * A job of the queue `events`. A batch as ingest or scheduler sent it has neither `single` nor `park`.
 * New fields must be optional: consumers are deployed before producers.
 */
export const eventsJobSchema = z.object({
  envelope: z.literal(1),
  /** The process that accepted the events, and the number of the batch there, without gaps from 1. */
  instance: z.string(),
  seq: z.number().int().min(0),
  events: z.array(acceptedEventSchema).min(1),
  /** Set on a job that carries one event which left its batch; `attemptsBefore` were made elsewhere. */
  single: z
    .object({
      run: z.number().int().min(0),
      attemptsBefore: z.number().int().min(0),
      reason: z.enum(['failed', 'dead', 'stalled', 'replay', 'inbox']),
      /** How often it was begun alone, because workers had died on it. */
      begunAlone: z.number().int().min(1).optional(),
      /** Why the event is dead, for whoever looks at the failed job. */
      message: z.string().optional(),
    })
    .optional(),
  /** Set on a job whose events wait for a worker that knows their schema version. */
  park: z.object({ version: z.number().int(), since: z.string(), count: z.number().int().min(1) }).optional(),
});
export type EventsJob = z.infer<typeof eventsJobSchema>;

/** The fresh run of a raw event's first arrival. */
export const FIRST_RUN = 0;

/** Names the job of a batch. */
export function toBatchJobId(instance: string, seq: number): string {
  return `b-${instance}-${seq}`;
}

/** Names the job of the batch that has this receipt (`toReceiptId`). */
export function toReceiptJobId(receiptId: string): string {
  return `b-${receiptId}`;
}

/** Names the job of one event that left its batch, or runs again. */
export function toSingleJobId(eventId: string, contentHash: string, run: number): string {
  return `${eventId}-${contentHash.slice(0, 16)}-${run}`;
}

/**
 * Names the job that brings an event out of the inbox. It ends like a batch, with jobs of their own for what failed,
 * so that a dead event's job never stands in the way of the same event sent again.
 */
export function toInboxJobId(inboxKey: string): string {
  return `inbox-${inboxKey}`;
}

/** Names the job of the events of one batch that wait for a worker which knows `version`. */
export function toParkJobId(jobId: string, version: number): string {
  return `${jobId}-p${version}`;
}

/** A job of the queue `polls`: poll `source` for the schedule's slot (epoch seconds). */
export const pollJobSchema = z.object({ source: z.string(), tenant: z.string(), slot: z.number().int() });
export type PollJob = z.infer<typeof pollJobSchema>;

/** Names the job of one tick of a source's schedule, the same in every scheduler. */
export function toPollJobId(source: string, slot: number): string {
  return `poll-${source}-${slot}`;
}

/** A job of the queue `sync`: copy a document again that the backup refused (`sync_failures`). */
export const syncJobSchema = z.object({
  failure: z.string(),
  collection: z.string(),
  /** As extended JSON, canonical. */
  documentId: z.string(),
  run: z.number().int(),
});
export type SyncJob = z.infer<typeof syncJobSchema>;

/** Names the job of a refused document, the same until it is dead. */
export function toSyncJobId(failure: string, run: number): string {
  return `sync-${failure}-${run}`;
}

/** How long a refused document waits before it is tried again, and before each further retry; then the last of them. */
const SYNC_RETRY_DELAYS_MS = [1000, 5000, 15_000, 30_000, 60_000] as const;

/** Returns the pause before a retry, the first of which is number 0, in ms. */
export function toSyncRetryDelayMs(retry: number): number {
  return SYNC_RETRY_DELAYS_MS[retry] ?? 60_000;
}

/** What Redis remembers of an event accepted within the last hour. */
export type Mark = { readonly jobId: string; readonly contentHash: string };

/** How long a mark lives. */
export const MARK_TTL_SECONDS = 3600;

/** For how long an event that was forgotten is not marked: longer than a mark can be on its way. */
export const MARK_REST_SECONDS = 60;
