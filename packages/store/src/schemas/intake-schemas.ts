import { Schema } from 'mongoose';
import type { Documents } from '../collections.ts';
import { anyText, anything, type Fields, integer, OPTIONS, type Schemas, text, time } from './fields.ts';

/** `rejections` holds the newest of them, up to this size. */
const REJECTIONS_BYTES = 32 * 1024 * 1024;

const RANGES = [{ _id: false, from: Number, to: Number }];

const FIELDS = {
  receipts: {
    _id: text,
    instance: text,
    seq: integer,
    state: { ...text, enum: ['settled', 'void'] },
    accepted: integer,
    merged: integer,
    uncounted: Boolean,
    at: time,
  } satisfies Fields<Documents['receipts']>,
  instances: {
    _id: text,
    app: text,
    seq: integer,
    events: integer,
    merged: integer,
    startedAt: time,
    seenAt: time,
    ended: Boolean,
    folded: {
      ...{ to: Number, accepted: Number, merged: Number, uncounted: Number },
      gaps: RANGES,
      voids: RANGES,
    },
  } satisfies Fields<Documents['instances']>,
  inbox: { _id: text, event: anything, at: time, enqueuedAt: Date } satisfies Fields<Documents['inbox']>,
  rejections: {
    _id: { type: Schema.Types.ObjectId, required: true },
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
} as const;

/** Builds the schemas of what comes in before it is an event, and of what proves that it was settled, with their indexes. */
export function createIntakeSchemas(): Schemas<'receipts' | 'instances' | 'inbox' | 'rejections'> {
  const receipts = new Schema(FIELDS.receipts, OPTIONS);
  receipts.index({ instance: 1, seq: 1 });

  const instances = new Schema(FIELDS.instances, OPTIONS);
  // Each start of a process leaves one, and few of them live.
  instances.index({ ended: 1 });

  const inbox = new Schema(FIELDS.inbox, OPTIONS);
  inbox.index({ enqueuedAt: 1, at: 1 });

  const rejections = new Schema(FIELDS.rejections, { ...OPTIONS, capped: REJECTIONS_BYTES });
  rejections.index({ code: 1, _id: -1 });
  rejections.index({ tenant: 1, _id: -1 });
  rejections.index({ tenant: 1, cause: 1, _id: -1, source: 1 });
  rejections.index({ tenant: 1, source: 1, _id: -1 });

  return {
    receipts,
    instances,
    inbox,
    rejections,
  };
}
