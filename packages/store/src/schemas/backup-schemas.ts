import { Schema } from 'mongoose';
import type { Documents } from '../collections.ts';
import { anyText, anything, type Fields, integer, OPTIONS, type Schemas, text, time } from './fields.ts';

const FIELDS = {
  resume_tokens: {
    _id: text,
    state: text,
    since: time,
    reason: anyText,
    holder: text,
    appliedAt: { type: Date, default: null },
    lagSeconds: { type: Number, default: null },
    pending: integer,
    totals: anything,
    lastSyncAt: { type: Date, default: null },
    perSecond: integer,
    backupSeenAt: { type: Date, default: null },
    writes: integer,
    updatedAt: time,
  } satisfies Fields<Documents['resume_tokens']>,
  sync_failures: {
    _id: text,
    collection: text,
    documentId: text,
    isDelete: Boolean,
    state: { ...text, enum: ['retrying', 'dead'] },
    run: integer,
    attempts: integer,
    code: text,
    message: text,
    firstAt: time,
    lastAt: time,
  } satisfies Fields<Documents['sync_failures']>,
} as const;

/** Builds the schemas of what the replicator keeps, with their indexes. */
export function createBackupSchemas(): Schemas<'resume_tokens' | 'sync_failures'> {
  const syncFailures = new Schema(FIELDS.sync_failures, { ...OPTIONS, suppressReservedKeysWarning: true });
  syncFailures.index({ state: 1, lastAt: 1 });

  return {
    resume_tokens: new Schema(FIELDS.resume_tokens, OPTIONS),
    sync_failures: syncFailures,
  };
}
