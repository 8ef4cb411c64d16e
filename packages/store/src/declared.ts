import type { IndexDescription } from 'mongodb';
import type { CollectionName } from './collections.ts';

/** What a collection has besides its documents. */
export type Declared = {
  /** Without that of `_id`, which MongoDB makes itself. */
  readonly indexes: readonly IndexDescription[];
  /** The size in bytes up to which it holds the newest; absent = it holds all. */
  readonly cappedBytes?: number;
};

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

const REJECTIONS_BYTES = 32 * 1024 * 1024;

/** How long a session is remembered after its end: a day. */
const SESSIONS_TTL_SECONDS = 86_400;

/** Makes MongoDB delete documents at their `expiresAt`. */
const EXPIRING = { key: { expiresAt: 1 }, expireAfterSeconds: 0 } as const;

/** Every collection with its indexes. What documents look like: collections.ts. */
export const DECLARED: Readonly<Record<CollectionName, Declared>> = {
  raw_events: {
    indexes: [
      // One index serves the list by status, the list of everything (`status` in all of them, merged in order) and the
      // ledger's counts. Of `code`, `direct`, `duplicateLevel` and
      // `conflictOf` only the few events that have them are indexed.
      { key: { status: 1, tenant: 1, receivedAt: -1, _id: -1 } },
      // The same for one source.
      { key: { tenant: 1, source: 1, status: 1, receivedAt: -1, _id: -1 } },
      // `status` and `source` are filtered in the index.
      { key: { tenant: 1, code: 1, receivedAt: -1, _id: -1, status: 1, source: 1 }, ...only('code') },
      { key: { direct: 1 }, ...only('direct') },
      { key: { duplicateLevel: 1 }, ...only('duplicateLevel') },
      { key: { conflictOf: 1 }, ...only('conflictOf') },
      // What is open and was not touched for long is looked for every minute, however much is open.
      {
        key: { status: 1, updatedAt: 1 },
        partialFilterExpression: { status: { $in: ['failed', 'pending'] } },
      },
      // Only dead letters have a fingerprint. Groups and plans are counted from the keys alone.
      { key: DEAD_LETTER_KEYS, ...only('fingerprint') },
      // What is left of a replay, oldest first, and what came of the rest.
      {
        key: { 'replay.operation': 1, 'replay.state': 1, status: 1, receivedAt: 1, _id: 1 },
        ...only('replay.operation'),
      },
    ],
  },
  normalized_events: {
    indexes: [
      { key: { tenant: 1, normalizedHash: 1 }, unique: true },
      // What stands behind `_id` is filtered in the index: types are few, and a subject has few sources.
      { key: { tenant: 1, timestamp: -1, _id: -1, type: 1 } },
      { key: { tenant: 1, source: 1, timestamp: -1, _id: -1, type: 1 } },
      { key: SUBJECT_KEYS, partialFilterExpression: { subject: { $gt: '' } } },
    ],
  },
  latest: {
    indexes: [
      // Only what never changes: every event updates a document here, and must not move it in an index.
      { key: { tenant: 1, type: 1, subject: 1, _id: 1 } },
    ],
  },
  rollups: {
    indexes: [
      // Without a source MongoDB jumps from source to source in it: they are few.
      { key: { tenant: 1, unit: 1, source: 1, at: 1 } },
    ],
  },
  outcomes: {
    indexes: [
      // There are few hours and seconds, so the tenant and the source are told apart within the index.
      { key: { kind: 1, at: -1, tenant: 1, source: 1 } },
      { ...EXPIRING, ...only('expiresAt') },
      // What cannot be right, and is counted anew: mostly nothing.
      { key: { 'counts.pending': 1 }, partialFilterExpression: { 'counts.pending': { $lt: 0 } } },
    ],
  },
  // They are read by their ids, which are times.
  samples: { indexes: [EXPIRING] },
  // They are few, and read one and all.
  app_versions: { indexes: [EXPIRING] },
  receipts: { indexes: [{ key: { instance: 1, seq: 1 } }] },
  instances: {
    indexes: [
      // Each start of a process leaves one, and few of them live.
      { key: { ended: 1 } },
    ],
  },
  inbox: { indexes: [{ key: { enqueuedAt: 1, at: 1 } }] },
  rejections: {
    cappedBytes: REJECTIONS_BYTES,
    indexes: [
      { key: { code: 1, _id: -1 } },
      { key: { tenant: 1, _id: -1 } },
      { key: { tenant: 1, cause: 1, _id: -1, source: 1 } },
      { key: { tenant: 1, source: 1, _id: -1 } },
    ],
  },
  sources: { indexes: [] },
  mappings: {
    indexes: [
      { key: { source: 1, revision: -1 }, unique: true },
      // The keys of this one, and whose each source is, are all that a worker reads to see whether anything changed.
      { key: { state: 1, _id: 1 }, partialFilterExpression: { state: 'active' } },
      { key: { source: 1 }, unique: true, partialFilterExpression: { state: 'active' } },
      // For the marks of the charts, which every open overview asks for all the time.
      { key: { activatedAt: -1 }, ...only('activatedAt') },
      { key: { retiredAt: -1 }, ...only('retiredAt') },
    ],
  },
  checkpoints: { indexes: [] },
  poll_runs: {
    indexes: [{ key: { source: 1, startedAt: -1 } }, { key: { source: 1, outcome: 1, startedAt: -1 } }],
  },
  operations: {
    indexes: [{ key: { tenant: 1, kind: 1, createdAt: -1, _id: -1 } }, { key: { open: 1 }, ...only('open') }],
  },
  leases: { indexes: [] },
  api_keys: {
    indexes: [
      { key: { tenant: 1, kind: 1, createdAt: -1, _id: -1 } },
      { key: { parent: 1 }, partialFilterExpression: { kind: 'session' } },
      // Sessions that ended are forgotten; keys stay, because the audit log names them.
      {
        key: { expiresAt: 1 },
        expireAfterSeconds: SESSIONS_TTL_SECONDS,
        partialFilterExpression: { kind: 'session' },
      },
    ],
  },
  audit_log: {
    indexes: [
      { key: { tenant: 1, at: -1, _id: -1 } },
      { key: { tenant: 1, action: 1, at: -1, _id: -1, 'actor.name': 1, 'actor.keyId': 1 } },
      { key: { tenant: 1, 'actor.name': 1, at: -1, _id: -1 } },
      { key: { tenant: 1, 'actor.keyId': 1, at: -1, _id: -1 } },
    ],
  },
  resume_tokens: { indexes: [] },
  sync_failures: { indexes: [{ key: { state: 1, lastAt: 1 } }] },
  alerts: {
    indexes: [
      // Two schedulers that look at once begin no alert twice.
      { key: { kind: 1, subject: 1 }, unique: true, partialFilterExpression: { state: 'firing' } },
      { key: { open: 1 }, ...only('open') },
      { key: { state: 1, resolvedAt: -1, _id: 1 } },
      { ...EXPIRING, ...only('expiresAt') },
    ],
  },
};

/** Makes an index hold only the documents that have a field. */
function only(field: string): Pick<IndexDescription, 'partialFilterExpression'> {
  return { partialFilterExpression: { [field]: { $exists: true } } };
}
