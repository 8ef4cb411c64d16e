import { KEY_ORIGINS, VIA } from '@sluice/contracts/event';
import { STORED_STATUSES } from '@sluice/contracts/status';
import { Schema } from 'mongoose';
import type { Documents } from '../collections.ts';
import {
  anyText,
  anything,
  type Fields,
  integer,
  OPTIONS,
  only,
  type Schemas,
  text,
  time,
} from './fields.ts';

/** Everything that is asked of dead letters, as the keys of one index. */
export const DEAD_LETTER_KEYS = {
  tenant: 1,
  fingerprint: 1,
  receivedAt: -1,
  _id: -1,
  source: 1,
  code: 1,
  updatedAt: 1,
  'discarded.at': 1,
  'replay.operation': 1,
} as const;

/** The index of the records of a subject; those without one are not in it. */
export const SUBJECT_KEYS = { tenant: 1, subject: 1, timestamp: -1, _id: -1, source: 1, type: 1 } as const;

const FIELDS = {
  raw_events: {
    _id: text,
    tenant: text,
    source: text,
    via: { ...text, enum: VIA },
    form: text,
    idempotencyKey: text,
    keyOrigin: { ...text, enum: KEY_ORIGINS },
    contentHash: text,
    contentType: anyText,
    headers: anything,
    body: { type: Buffer },
    type: String,
    schemaVersion: integer,
    receivedAt: time,
    traceparent: String,
    simulate: anything,
    batch: String,
    direct: Boolean,
    status: { ...text, enum: STORED_STATUSES },
    run: integer,
    attempts: integer,
    storedAt: time,
    updatedAt: time,
    normalizedHash: String,
    duplicateOf: String,
    duplicateLevel: { type: String, enum: ['raw', 'normalized'] },
    code: String,
    message: String,
    fingerprint: String,
    conflictOf: String,
    history: { type: [Schema.Types.Mixed], default: undefined },
    replay: { operation: String, state: String, run: Number },
    discarded: { at: Date, by: String, reason: String },
  } satisfies Fields<Documents['raw_events']>,
  normalized_events: {
    _id: text,
    tenant: text,
    source: text,
    type: text,
    subject: anyText,
    timestamp: { type: Date, default: null },
    data: anything,
    normalizedHash: text,
    contentHash: text,
    schemaVersion: integer,
    mappingRevision: { type: Number, default: null },
    lineage: anything,
    warnings: [Schema.Types.Mixed],
    receivedAt: time,
    storedAt: time,
  } satisfies Fields<Documents['normalized_events']>,
  latest: {
    _id: text,
    tenant: text,
    source: text,
    type: text,
    subject: anyText,
    timestamp: time,
    fields: anything,
  } satisfies Fields<Documents['latest']>,
} as const;

/** Builds the schemas of the events and of what is made of them, with their indexes. */
export function createEventSchemas(): Schemas<'raw_events' | 'normalized_events' | 'latest'> {
  const rawEvents = new Schema(FIELDS.raw_events, OPTIONS);
  // One index serves the list by status, the list of everything (`status` in all of them, merged in order) and the
  // ledger's counts. Of `code`, `direct`, `duplicateLevel` and
  // `conflictOf` only the few events that have them are indexed.
  rawEvents.index({ status: 1, tenant: 1, receivedAt: -1, _id: -1 });
  // The same for one source.
  rawEvents.index({ tenant: 1, source: 1, status: 1, receivedAt: -1, _id: -1 });
  // `status` and `source` are filtered in the index.
  rawEvents.index({ tenant: 1, code: 1, receivedAt: -1, _id: -1, status: 1, source: 1 }, only('code'));
  rawEvents.index({ direct: 1 }, only('direct'));
  rawEvents.index({ duplicateLevel: 1 }, only('duplicateLevel'));
  rawEvents.index({ conflictOf: 1 }, only('conflictOf'));
  // What is open and was not touched for long is looked for every minute, however much is open.
  rawEvents.index(
    { status: 1, updatedAt: 1 },
    { partialFilterExpression: { status: { $in: ['failed', 'pending'] } } },
  );
  // Only dead letters have a fingerprint. Groups and plans are counted from the keys alone.
  rawEvents.index(DEAD_LETTER_KEYS, only('fingerprint'));
  // What is left of a replay, oldest first, and what came of the rest.
  rawEvents.index(
    { 'replay.operation': 1, 'replay.state': 1, status: 1, receivedAt: 1, _id: 1 },
    only('replay.operation'),
  );

  const normalizedEvents = new Schema(FIELDS.normalized_events, OPTIONS);
  normalizedEvents.index({ tenant: 1, normalizedHash: 1 }, { unique: true });
  // What stands behind `_id` is filtered in the index: types are few, and a subject has few sources.
  normalizedEvents.index({ tenant: 1, timestamp: -1, _id: -1, type: 1 });
  normalizedEvents.index({ tenant: 1, source: 1, timestamp: -1, _id: -1, type: 1 });
  normalizedEvents.index(SUBJECT_KEYS, { partialFilterExpression: { subject: { $gt: '' } } });

  const latest = new Schema(FIELDS.latest, OPTIONS);
  // Only what never changes: every event updates a document here, and must not move it in an index.
  latest.index({ tenant: 1, type: 1, subject: 1, _id: 1 });

  return {
    raw_events: rawEvents,
    normalized_events: normalizedEvents,
    latest,
  };
}
