import { KEY_KINDS, ROLES } from '@sluice/contracts/access';
import { ALERT_KINDS } from '@sluice/contracts/alerts';
import { KEY_ORIGINS, VIA } from '@sluice/contracts/event';
import { MAPPING_STATES } from '@sluice/contracts/mapping';
import { OPERATION_KINDS, OPERATION_STATES } from '@sluice/contracts/operations';
import { POLL_OUTCOMES } from '@sluice/contracts/poll';
import { STORED_STATUSES } from '@sluice/contracts/status';
import { Schema, type SchemaDefinitionProperty } from 'mongoose';
import type { CollectionName, Documents } from './collections.ts';
import { UNIT_SECONDS } from './rollup-units.ts';

/** Names every field of a document, so that a forgotten one does not compile. */
type Fields<Document> = { readonly [Field in keyof Document]-?: SchemaDefinitionProperty };

const required = { required: true } as const;
const text = { type: String, ...required } as const;
const integer = { type: Number, ...required } as const;
const time = { type: Date, ...required } as const;
/** Required but possibly empty or null, which `required` would refuse. */
const anyText = { type: String, default: null } as const;
const anything = { type: Schema.Types.Mixed } as const;

/** `rejections` holds the newest of them, up to this size. */
const REJECTIONS_BYTES = 32 * 1024 * 1024;

/** How long the runs of polled sources are kept at most: 30 days. */
const POLL_RUNS_TTL_SECONDS = 30 * 86_400;

/** How long a session is remembered after its end: a day. */
const SESSIONS_TTL_SECONDS = 86_400;

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
  rollups: {
    _id: text,
    tenant: text,
    source: text,
    unit: { ...text, enum: Object.keys(UNIT_SECONDS) },
    at: time,
    events: [Schema.Types.Mixed],
    series: [Schema.Types.Mixed],
    leftOut: integer,
  } satisfies Fields<Documents['rollups']>,
  outcomes: {
    _id: text,
    tenant: text,
    source: text,
    kind: { ...text, enum: ['received', 'settled'] },
    at: time,
    counts: anything,
    latency: anything,
    accepted: Number,
    expiresAt: Date,
  } satisfies Fields<Documents['outcomes']>,
  receipts: {
    _id: text,
    instance: text,
    seq: integer,
    state: { ...text, enum: ['settled', 'void'] },
    accepted: integer,
    merged: integer,
    at: time,
  } satisfies Fields<Documents['receipts']>,
  instances: {
    _id: text,
    app: text,
    seq: integer,
    events: integer,
    merged: integer,
    revived: Number,
    startedAt: time,
    seenAt: time,
    folded: { to: Number, accepted: Number, merged: Number },
  } satisfies Fields<Documents['instances']>,
  inbox: { _id: text, event: anything, at: time, enqueuedAt: Date } satisfies Fields<Documents['inbox']>,
  rejections: {
    _id: { type: Schema.Types.ObjectId, ...required },
    at: time,
    tenant: anyText,
    source: anyText,
    code: text,
    cause: text,
    detail: text,
    requestId: text,
    status: integer,
    method: text,
    path: anyText,
    headers: anything,
    body: { type: Buffer },
    remote: anyText,
  } satisfies Fields<Documents['rejections']>,
  sources: {
    _id: text,
    tenant: text,
    owner: { ...text, enum: ['file', 'api'] },
    active: { type: Boolean, ...required },
    paused: Boolean,
    revision: Number,
    source: anything,
    updatedAt: time,
  } satisfies Fields<Documents['sources']>,
  mappings: {
    _id: text,
    source: text,
    revision: integer,
    state: { ...text, enum: MAPPING_STATES },
    owner: { ...text, enum: ['file', 'api'] },
    mapping: anything,
    createdAt: time,
    createdBy: String,
    activatedAt: Date,
    activatedBy: String,
    retiredAt: Date,
    trial: anything,
    forced: anything,
  } satisfies Fields<Documents['mappings']>,
  checkpoints: {
    _id: text,
    state: anything,
    revision: integer,
    updatedAt: time,
  } satisfies Fields<Documents['checkpoints']>,
  poll_runs: {
    _id: text,
    source: text,
    slot: integer,
    startedAt: time,
    endedAt: { type: Date, default: null },
    outcome: { ...text, enum: POLL_OUTCOMES },
    pages: integer,
    records: integer,
    accepted: integer,
    duplicates: integer,
    problems: { count: Number, first: [String] },
    cursorBefore: anyText,
    cursorAfter: anyText,
    scheduler: text,
    error: anyText,
  } satisfies Fields<Documents['poll_runs']>,
  operations: {
    _id: text,
    tenant: text,
    kind: { ...text, enum: OPERATION_KINDS },
    event: anyText,
    state: { ...text, enum: OPERATION_STATES },
    stateReason: anyText,
    open: Boolean,
    filter: anything,
    watermark: time,
    plan: anything,
    planned: integer,
    claimed: integer,
    frozenAt: { type: Date, default: null },
    ratePerSecond: integer,
    stopAtFailureShare: integer,
    reason: anyText,
    actor: text,
    createdAt: time,
    endedAt: { type: Date, default: null },
    currentPerSecond: integer,
    waitingFor: anyText,
    judgedFrom: anything,
    progress: anything,
    failedAgainIds: { type: [String], default: undefined },
    moves: integer,
    fence: integer,
  } satisfies Fields<Documents['operations']>,
  leases: { _id: text, holder: anyText, grant: text, fence: integer, expiresAt: time } satisfies Fields<
    Documents['leases']
  >,
  api_keys: {
    _id: text,
    hash: text,
    tenant: text,
    name: text,
    role: { ...text, enum: ROLES },
    sources: anything,
    kind: { ...text, enum: KEY_KINDS },
    parent: anyText,
    createdAt: time,
    createdBy: text,
    expiresAt: { type: Date, default: null },
    revokedAt: { type: Date, default: null },
    lastUsedAt: { type: Date, default: null },
    guard: Number,
  } satisfies Fields<Documents['api_keys']>,
  audit_log: {
    _id: text,
    at: time,
    tenant: text,
    actor: { keyId: anyText, name: text, role: anyText },
    action: text,
    method: text,
    path: text,
    params: anything,
    changes: anyText,
    reason: anyText,
    requestId: text,
    remote: text,
    status: { type: Number, default: null },
    code: anyText,
  } satisfies Fields<Documents['audit_log']>,
  alerts: {
    _id: text,
    kind: { ...text, enum: ALERT_KINDS },
    subject: text,
    state: { ...text, enum: ['firing', 'resolved'] },
    since: time,
    resolvedAt: { type: Date, default: null },
    value: integer,
    unit: text,
    text,
    dashboard: text,
    clearLooks: integer,
    notices: integer,
    noticedAt: { type: Date, default: null },
    noticedValue: { type: Number, default: null },
    outbox: [Schema.Types.Mixed],
    open: Boolean,
    revision: integer,
    expiresAt: Date,
  } satisfies Fields<Documents['alerts']>,
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
    state: { ...text, enum: ['retrying', 'dead'] },
    run: integer,
    attempts: integer,
    code: text,
    message: text,
    firstAt: time,
    lastAt: time,
  } satisfies Fields<Documents['sync_failures']>,
} as const satisfies Record<CollectionName, unknown>;

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

/** Builds the schema of each collection, with its indexes. */
export function createSchemas(): Record<CollectionName, Schema> {
  const options = { strict: 'throw', versionKey: false, minimize: false } as const;
  const rawEvents = new Schema(FIELDS.raw_events, options);
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
  // Only dead letters have a fingerprint. Groups and plans are counted from the keys alone.
  rawEvents.index(DEAD_LETTER_KEYS, only('fingerprint'));
  // What is left of a replay, oldest first, and what came of the rest.
  rawEvents.index(
    { 'replay.operation': 1, 'replay.state': 1, status: 1, receivedAt: 1, _id: 1 },
    only('replay.operation'),
  );

  const normalizedEvents = new Schema(FIELDS.normalized_events, options);
  normalizedEvents.index({ tenant: 1, normalizedHash: 1 }, { unique: true });
  // What stands behind `_id` is filtered in the index: types are few, and a subject has few sources.
  normalizedEvents.index({ tenant: 1, timestamp: -1, _id: -1, type: 1 });
  normalizedEvents.index({ tenant: 1, source: 1, timestamp: -1, _id: -1, type: 1 });
  normalizedEvents.index(SUBJECT_KEYS, { partialFilterExpression: { subject: { $gt: '' } } });

  const latest = new Schema(FIELDS.latest, options);
  // Only what never changes: every event updates a document here, and must not move it in an index.
  latest.index({ tenant: 1, type: 1, subject: 1, _id: 1 });

  const rollups = new Schema(FIELDS.rollups, options);
  // Without a source MongoDB jumps from source to source in it: they are few.
  rollups.index({ tenant: 1, unit: 1, source: 1, at: 1 });

  const outcomes = new Schema(FIELDS.outcomes, options);
  // There are few hours and seconds, so the tenant and the source are told apart within the index.
  outcomes.index({ kind: 1, at: -1, tenant: 1, source: 1 });
  outcomes.index({ expiresAt: 1 }, { expireAfterSeconds: 0, ...only('expiresAt') });

  const receipts = new Schema(FIELDS.receipts, options);
  receipts.index({ instance: 1, seq: 1 });

  const inbox = new Schema(FIELDS.inbox, options);
  inbox.index({ enqueuedAt: 1, at: 1 });

  const mappings = new Schema(FIELDS.mappings, options);
  mappings.index({ source: 1, revision: -1 }, { unique: true });
  // The keys of this one are all that a worker reads to see whether anything changed.
  mappings.index({ state: 1, _id: 1 }, { partialFilterExpression: { state: 'active' } });
  mappings.index({ source: 1 }, { unique: true, partialFilterExpression: { state: 'active' } });

  const pollRuns = new Schema(FIELDS.poll_runs, options);
  pollRuns.index({ source: 1, startedAt: -1 });
  pollRuns.index({ source: 1, outcome: 1, startedAt: -1 });
  // The last runs of each source are kept; this is for sources that are gone.
  pollRuns.index({ startedAt: 1 }, { expireAfterSeconds: POLL_RUNS_TTL_SECONDS });

  const operations = new Schema(FIELDS.operations, options);
  operations.index({ tenant: 1, kind: 1, createdAt: -1, _id: -1 });
  operations.index({ open: 1 }, only('open'));

  const rejections = new Schema(FIELDS.rejections, { ...options, capped: REJECTIONS_BYTES });
  rejections.index({ code: 1, _id: -1 });
  rejections.index({ tenant: 1, _id: -1 });
  rejections.index({ tenant: 1, cause: 1, _id: -1, source: 1 });
  rejections.index({ tenant: 1, source: 1, _id: -1 });

  const apiKeys = new Schema(FIELDS.api_keys, options);
  apiKeys.index({ tenant: 1, kind: 1, createdAt: -1, _id: -1 });
  apiKeys.index({ parent: 1 }, { partialFilterExpression: { kind: 'session' } });
  // Sessions that ended are forgotten; keys stay, because the audit log names them.
  apiKeys.index(
    { expiresAt: 1 },
    { expireAfterSeconds: SESSIONS_TTL_SECONDS, partialFilterExpression: { kind: 'session' } },
  );

  const auditLog = new Schema(FIELDS.audit_log, options);
  auditLog.index({ tenant: 1, at: -1, _id: -1 });
  auditLog.index({ tenant: 1, action: 1, at: -1, _id: -1, 'actor.name': 1, 'actor.keyId': 1 });
  auditLog.index({ tenant: 1, 'actor.name': 1, at: -1, _id: -1 });
  auditLog.index({ tenant: 1, 'actor.keyId': 1, at: -1, _id: -1 });

  const alerts = new Schema(FIELDS.alerts, options);
  // Two schedulers that look at once begin no alert twice.
  alerts.index({ kind: 1, subject: 1 }, { unique: true, partialFilterExpression: { state: 'firing' } });
  alerts.index({ open: 1 }, only('open'));
  alerts.index({ state: 1, resolvedAt: -1, _id: 1 });
  alerts.index({ expiresAt: 1 }, { expireAfterSeconds: 0, ...only('expiresAt') });

  const syncFailures = new Schema(FIELDS.sync_failures, { ...options, suppressReservedKeysWarning: true });
  syncFailures.index({ state: 1, lastAt: 1 });

  return {
    raw_events: rawEvents,
    normalized_events: normalizedEvents,
    latest,
    rollups,
    outcomes,
    receipts,
    instances: new Schema(FIELDS.instances, options),
    inbox,
    rejections,
    sources: new Schema(FIELDS.sources, options),
    mappings,
    checkpoints: new Schema(FIELDS.checkpoints, options),
    poll_runs: pollRuns,
    operations,
    leases: new Schema(FIELDS.leases, options),
    api_keys: apiKeys,
    audit_log: auditLog,
    resume_tokens: new Schema(FIELDS.resume_tokens, options),
    sync_failures: syncFailures,
    alerts,
  };
}

function only(field: string) {
  return { partialFilterExpression: { [field]: { $exists: true } } };
}
