import { KEY_KINDS, ROLES } from '@sluice/contracts/access';
import { Schema } from 'mongoose';
import type { Documents } from '../collections.ts';
import { anyText, anything, type Fields, OPTIONS, type Schemas, text, time } from './fields.ts';

/** How long a session is remembered after its end: a day. */
const SESSIONS_TTL_SECONDS = 86_400;

const FIELDS = {
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
} as const;

/** Builds the schemas of the keys and of what was done with them, with their indexes. */
export function createAccessSchemas(): Schemas<'api_keys' | 'audit_log'> {
  const apiKeys = new Schema(FIELDS.api_keys, OPTIONS);
  apiKeys.index({ tenant: 1, kind: 1, createdAt: -1, _id: -1 });
  apiKeys.index({ parent: 1 }, { partialFilterExpression: { kind: 'session' } });
  // Sessions that ended are forgotten; keys stay, because the audit log names them.
  apiKeys.index(
    { expiresAt: 1 },
    { expireAfterSeconds: SESSIONS_TTL_SECONDS, partialFilterExpression: { kind: 'session' } },
  );

  const auditLog = new Schema(FIELDS.audit_log, OPTIONS);
  auditLog.index({ tenant: 1, at: -1, _id: -1 });
  auditLog.index({ tenant: 1, action: 1, at: -1, _id: -1, 'actor.name': 1, 'actor.keyId': 1 });
  auditLog.index({ tenant: 1, 'actor.name': 1, at: -1, _id: -1 });
  auditLog.index({ tenant: 1, 'actor.keyId': 1, at: -1, _id: -1 });

  return {
    api_keys: apiKeys,
    audit_log: auditLog,
  };
}
