import { type BatchName, toReceiptId } from '@sluice/contracts/bulk';
import type { NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import { toBodyBytes } from '@sluice/normalizer/read-payload';
import type { Candidate, Verdict } from './candidate.ts';

/** Builds the raw event's document but for its status. A parked event has made no attempt. */
export function toRawDocument(
  id: string,
  { event, verdict, run, attempt, batch }: Candidate,
  now: Date,
): Omit<RawEventDocument, 'status'> {
  return {
    _id: id,
    tenant: event.tenant,
    source: event.source,
    via: event.via,
    form: event.form,
    idempotencyKey: event.idempotencyKey,
    keyOrigin: event.keyOrigin,
    contentHash: event.contentHash,
    contentType: event.contentType,
    headers: event.headers,
    body: toBodyBytes(event),
    ...(event.type === undefined ? {} : { type: event.type }),
    schemaVersion: event.schemaVersion,
    receivedAt: new Date(event.receivedAt),
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
    ...(event.simulate === undefined ? {} : { simulate: event.simulate }),
    ...(event.conflictOf === undefined ? {} : { conflictOf: event.conflictOf }),
    ...toOrigin(batch),
    run,
    attempts: verdict.kind === 'parked' || verdict.kind === 'alone' ? attempt - 1 : attempt,
    storedAt: now,
    updatedAt: now,
  };
}

function toOrigin(batch: BatchName | null): { batch: string } | { direct: true } {
  return batch === null ? { direct: true } : { batch: toReceiptId(batch) };
}

/** Builds the normalized event's document; it has the id of its raw event. */
export function toNormalizedDocument(
  { event }: Candidate,
  { record }: Extract<Verdict, { kind: 'record' }>,
  now: Date,
): NormalizedEventDocument {
  return {
    _id: event.eventId,
    tenant: event.tenant,
    source: event.source,
    type: record.type,
    subject: record.subject,
    timestamp: record.timestamp === null ? null : new Date(record.timestamp),
    data: record.data,
    normalizedHash: record.normalizedHash,
    contentHash: event.contentHash,
    schemaVersion: record.schemaVersion,
    mappingRevision: record.mappingRevision,
    lineage: record.lineage,
    warnings: record.warnings,
    receivedAt: new Date(event.receivedAt),
    storedAt: now,
  };
}
