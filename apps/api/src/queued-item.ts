import type { RawItem } from '@sluice/contracts/api';
import type { AcceptedEvent } from '@sluice/contracts/event';
import { toBodyBytes } from '@sluice/normalizer/read-payload';

/** Shows an event that is not stored yet in the form of a stored one. */
export function toQueuedItem(id: string, event: AcceptedEvent, status: 'pending' | 'processing'): RawItem {
  return {
    id,
    source: event.source,
    client_id: event.source,
    via: event.via,
    status,
    receivedAt: event.receivedAt,
    attempts: 0,
    schemaVersion: event.schemaVersion,
    idempotencyKey: event.idempotencyKey,
    keyOrigin: event.keyOrigin,
    contentHash: event.contentHash,
    contentType: event.contentType,
    sizeBytes: toBodyBytes(event).byteLength,
    duplicateOf: null,
    duplicateLevel: null,
    code: null,
    message: null,
    conflictOf: event.conflictOf ?? null,
    fingerprint: null,
    discarded: null,
    replay: null,
  };
}
