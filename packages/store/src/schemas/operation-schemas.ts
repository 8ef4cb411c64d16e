import { ALERT_KINDS } from '@sluice/contracts/alerts';
import { OPERATION_KINDS, OPERATION_STATES } from '@sluice/contracts/operations';
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

const FIELDS = {
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
  leases: {
    _id: text,
    holder: anyText,
    grant: text,
    fence: integer,
    expiresAt: time,
    ttlMs: Number,
    retiredBy: String,
  } satisfies Fields<Documents['leases']>,
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
} as const;

/** Builds the schemas of what schedulers do under a lease, with their indexes. */
export function createOperationSchemas(): Schemas<'operations' | 'leases' | 'alerts'> {
  const operations = new Schema(FIELDS.operations, OPTIONS);
  operations.index({ tenant: 1, kind: 1, createdAt: -1, _id: -1 });
  operations.index({ open: 1 }, only('open'));

  const alerts = new Schema(FIELDS.alerts, OPTIONS);
  // Two schedulers that look at once begin no alert twice.
  alerts.index({ kind: 1, subject: 1 }, { unique: true, partialFilterExpression: { state: 'firing' } });
  alerts.index({ open: 1 }, only('open'));
  alerts.index({ state: 1, resolvedAt: -1, _id: 1 });
  alerts.index({ expiresAt: 1 }, { expireAfterSeconds: 0, ...only('expiresAt') });

  return {
    operations,
    leases: new Schema(FIELDS.leases, OPTIONS),
    alerts,
  };
}
