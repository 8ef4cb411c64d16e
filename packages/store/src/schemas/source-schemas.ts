import { MAPPING_STATES } from '@sluice/contracts/mapping';
import { POLL_OUTCOMES } from '@sluice/contracts/poll';
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
  sources: {
    _id: text,
    tenant: text,
    owner: { ...text, enum: ['file', 'api'] },
    active: { type: Boolean, required: true },
    paused: Boolean,
    resumedAt: Date,
    revision: Number,
    source: anything,
    credentialHeaders: { type: [String], default: undefined },
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
    replacedBy: Number,
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
    rejected: Number,
    problems: { count: Number, first: [String] },
    cursorBefore: anyText,
    cursorAfter: anyText,
    scheduler: text,
    error: anyText,
    waitingUntil: Date,
  } satisfies Fields<Documents['poll_runs']>,
} as const;

/** Builds the schemas of the sources, their mappings and their polls, with their indexes. */
export function createSourceSchemas(): Schemas<'sources' | 'mappings' | 'checkpoints' | 'poll_runs'> {
  const mappings = new Schema(FIELDS.mappings, OPTIONS);
  mappings.index({ source: 1, revision: -1 }, { unique: true });
  // The keys of this one, and whose each source is, are all that a worker reads to see whether anything changed.
  mappings.index({ state: 1, _id: 1 }, { partialFilterExpression: { state: 'active' } });
  mappings.index({ source: 1 }, { unique: true, partialFilterExpression: { state: 'active' } });
  // For the marks of the charts, which every open overview asks for all the time.
  mappings.index({ activatedAt: -1 }, only('activatedAt'));
  mappings.index({ retiredAt: -1 }, only('retiredAt'));

  const pollRuns = new Schema(FIELDS.poll_runs, OPTIONS);
  pollRuns.index({ source: 1, startedAt: -1 });
  pollRuns.index({ source: 1, outcome: 1, startedAt: -1 });

  return {
    sources: new Schema(FIELDS.sources, OPTIONS),
    mappings,
    checkpoints: new Schema(FIELDS.checkpoints, OPTIONS),
    poll_runs: pollRuns,
  };
}
