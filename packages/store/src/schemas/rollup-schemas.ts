import { Schema } from 'mongoose';
import type { Documents } from '../collections.ts';
import { UNIT_SECONDS } from '../rollup-units.ts';
import { anything, type Fields, integer, OPTIONS, only, type Schemas, text, time } from './fields.ts';

const FIELDS = {
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
    kind: { ...text, enum: ['received', 'settled', 'settled3m'] },
    at: time,
    counts: anything,
    latency: anything,
    accepted: Number,
    expiresAt: Date,
  } satisfies Fields<Documents['outcomes']>,
  samples: {
    _id: text,
    at: time,
    queue: anything,
    hasBackup: { type: Boolean, required: true },
    replicationLagMs: { type: Number, default: null },
    expiresAt: time,
  } satisfies Fields<Documents['samples']>,
  app_versions: {
    _id: text,
    app: text,
    version: text,
    since: time,
    seenAt: time,
    expiresAt: time,
  } satisfies Fields<Documents['app_versions']>,
} as const;

/** Builds the schemas of what is counted of events, how much waits and which versions run, with their indexes. */
export function createRollupSchemas(): Schemas<'rollups' | 'outcomes' | 'samples' | 'app_versions'> {
  const rollups = new Schema(FIELDS.rollups, OPTIONS);
  // Without a source MongoDB jumps from source to source in it: they are few.
  rollups.index({ tenant: 1, unit: 1, source: 1, at: 1 });

  const outcomes = new Schema(FIELDS.outcomes, OPTIONS);
  // There are few hours and seconds, so the tenant and the source are told apart within the index.
  outcomes.index({ kind: 1, at: -1, tenant: 1, source: 1 });
  outcomes.index({ expiresAt: 1 }, { expireAfterSeconds: 0, ...only('expiresAt') });
  // What cannot be right, and is counted anew: mostly nothing.
  outcomes.index({ 'counts.pending': 1 }, { partialFilterExpression: { 'counts.pending': { $lt: 0 } } });

  // They are read by their ids, which are times.
  const samples = new Schema(FIELDS.samples, OPTIONS);
  samples.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  // They are few, and read one and all.
  const appVersions = new Schema(FIELDS.app_versions, OPTIONS);
  appVersions.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

  return {
    rollups,
    outcomes,
    samples,
    app_versions: appVersions,
  };
}
