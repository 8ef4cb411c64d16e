import { randomBytes } from 'node:crypto';
import type { BulkPlan } from '@sluice/contracts/bulk';
import type { AcceptedEvent, NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';

/** A time that all documents share where a test does not care. */
export const NOW = new Date('2026-01-02T03:04:05.678Z');

/** Makes an event id. */
export function newId(): string {
  return `evt_${randomBytes(16).toString('hex')}`;
}

/** Makes a raw event. */
export function newRaw(fields: Partial<RawEventDocument> = {}): RawEventDocument {
  const contentHash = randomBytes(32).toString('hex');
  return {
    _id: newId(),
    tenant: 'default',
    source: 'shop',
    via: 'api',
    form: 'payload',
    idempotencyKey: contentHash,
    keyOrigin: 'content',
    contentHash,
    contentType: 'application/json',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"amount":1}'),
    schemaVersion: 1,
    receivedAt: NOW,
    status: 'normalized',
    run: 0,
    attempts: 1,
    storedAt: NOW,
    updatedAt: NOW,
    ...fields,
  };
}

/** Makes a normalized event. */
export function newNormalized(fields: Partial<NormalizedEventDocument> = {}): NormalizedEventDocument {
  return {
    _id: newId(),
    tenant: 'default',
    source: 'shop',
    type: 'metric',
    subject: 'sales',
    timestamp: NOW,
    data: { metric: 'sales', amount: 1 },
    normalizedHash: randomBytes(32).toString('hex'),
    contentHash: randomBytes(32).toString('hex'),
    schemaVersion: 1,
    mappingRevision: null,
    lineage: { amount: { from: 'price', rule: 'alias' } },
    warnings: [],
    receivedAt: NOW,
    storedAt: NOW,
    ...fields,
  };
}

/** Makes a plan out of its parts. */
export function newPlan(parts: Partial<BulkPlan> = {}): BulkPlan {
  return {
    normalized: [],
    rawInserts: [],
    rawUpdates: [],
    receipts: [],
    inboxDone: [],
    ...parts,
  };
}

/** Makes an accepted event. */
export function newAccepted(fields: Partial<AcceptedEvent> = {}): AcceptedEvent {
  return {
    eventId: newId(),
    tenant: 'default',
    source: 'shop',
    via: 'api',
    form: 'payload',
    idempotencyKey: 'k',
    keyOrigin: 'header',
    contentHash: randomBytes(32).toString('hex'),
    contentType: 'application/json',
    headers: {},
    body: '{"amount":1}',
    schemaVersion: 1,
    receivedAt: NOW.toISOString(),
    ...fields,
  };
}
