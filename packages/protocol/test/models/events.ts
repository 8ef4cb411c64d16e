import type { AcceptedEvent, NormalizedRecord } from '@sluice/contracts/event';
import { toContentHash } from '@sluice/normalizer/content-hash';
import { toEventId } from '@sluice/normalizer/identity';

/** Makes an accepted event of source `s`, with a key of its own and a payload. */
export function toEvent(
  key: string,
  payload: { readonly hash?: string; readonly [field: string]: unknown } = {},
  over: Partial<AcceptedEvent> = {},
): AcceptedEvent {
  const body = JSON.stringify(payload);
  return {
    eventId: toEventId('default', 's', key),
    tenant: 'default',
    source: 's',
    via: 'webhook',
    form: 'payload',
    idempotencyKey: key,
    keyOrigin: 'header',
    contentHash: toContentHash({
      source: 's',
      payload: payload as never,
      exact: true,
      body: Buffer.from(body),
    }),
    contentType: 'application/json',
    headers: {},
    body,
    schemaVersion: 1,
    receivedAt: '2026-01-01T00:00:00.000Z',
    ...over,
  };
}

/** Makes a record whose hash is the payload's field `hash`, else the event's content hash. */
export function toRecord(event: AcceptedEvent): NormalizedRecord {
  const payload = JSON.parse(event.body) as { hash?: string };
  return {
    type: 'unmapped',
    subject: null,
    timestamp: null,
    data: payload,
    schemaVersion: event.schemaVersion,
    mappingRevision: null,
    lineage: {},
    warnings: [],
    normalizedHash: payload.hash ?? event.contentHash,
  };
}
