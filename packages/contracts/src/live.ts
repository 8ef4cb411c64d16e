import { z } from 'zod';
import type { NormalizedItem, RawItem } from './api.ts';
import { STORED_STATUSES, type StoredStatus } from './status.ts';

/** The names of the events on `/stream` and `/stream/statuses`. */
export const LIVE_EVENTS = {
  event: 'event',
  status: 'status',
  reset: 'reset',
  heartbeat: 'heartbeat',
} as const;

/** Why a WebSocket is closed (RFC 6455 7.4.1); after each of them but `policy` the client is to connect again. */
export const CLOSE_CODES = {
  /** The process ends, or the stream is old enough for the caller's key to be looked at again. */
  goingAway: 1001,
  /** The client sent something; these streams only tell. */
  policy: 1008,
  /** The client reads too slowly. */
  tryLater: 1013,
} as const;

/** What `/stream` sends for each new record; the `id` of the message is opaque and resumes after it. */
export type LiveMessage = NormalizedItem;

/** What `/stream/statuses` sends when an event is stored, and each time its status changes. */
export type StatusItem = Pick<
  RawItem,
  | 'id'
  | 'source'
  | 'client_id'
  | 'via'
  | 'attempts'
  | 'code'
  | 'message'
  | 'duplicateOf'
  | 'duplicateLevel'
  | 'receivedAt'
> & { readonly status: StoredStatus; readonly updatedAt: string };

const everyStream = {
  source: z.string().max(64).optional().describe('Only events of this source.'),
  client_id: z.string().max(64).optional().describe('Another name of `source`.'),
  lastEventId: z
    .string()
    .max(4096)
    .optional()
    .describe('The id of the last message that was seen; the header `Last-Event-ID` goes before it.'),
};

/** The filters of `/stream`. */
export const streamQuerySchema = z.strictObject({
  ...everyStream,
  type: z.string().max(128).optional().describe('Only events of this type, like `metric`.'),
  subject: z.string().max(512).optional().describe('Only events of this subject, like a device.'),
});

/** The filters of `/stream/statuses`. */
export const statusStreamQuerySchema = z.strictObject({
  ...everyStream,
  status: z.enum(STORED_STATUSES).optional().describe('Only changes to this status.'),
});
