import { z } from 'zod';
import type { NormalizedItem } from './api.ts';

/** The names of the events on `/stream`. */
export const LIVE_EVENTS = { event: 'event', reset: 'reset', heartbeat: 'heartbeat' } as const;

/** What `/stream` sends for each new record; the SSE `id` is opaque and resumes after this message. */
export type LiveMessage = NormalizedItem;

/** The filters of `/stream`. */
export const streamQuerySchema = z.strictObject({
  source: z.string().max(64).optional().describe('Only events of this source.'),
  type: z.string().max(128).optional().describe('Only events of this type, like `metric`.'),
  subject: z.string().max(512).optional().describe('Only events of this subject, like a device.'),
});
export type StreamQuery = z.infer<typeof streamQuerySchema>;
