import { z } from 'zod';
import { KEY_ORIGINS, VIA } from './event.ts';
import { STATUSES } from './status.ts';

/** The page size when none is asked for, and the largest. */
export const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 500;

const time = z.iso.datetime({ offset: true }).or(z.iso.date());

const page = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  cursor: z.string().max(512).optional(),
};

/** The answer of every list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const rawQuerySchema = z.strictObject({
  status: z.enum(STATUSES).optional(),
  source: z.string().max(64).optional(),
  code: z.string().max(64).optional(),
  from: time.optional(),
  to: time.optional(),
  ...page,
});
export type RawQuery = z.infer<typeof rawQuerySchema>;

export const normalizedQuerySchema = z.strictObject({
  source: z.string().max(64).optional(),
  client_id: z.string().max(64).optional(),
  type: z.string().max(128).optional(),
  subject: z.string().max(512).optional(),
  from: time.optional(),
  to: time.optional(),
  ...page,
});
export type NormalizedQuery = z.infer<typeof normalizedQuerySchema>;

export const rawItemSchema = z.object({
  id: z.string(),
  source: z.string(),
  client_id: z.string(),
  via: z.enum(VIA),
  status: z.enum(STATUSES),
  receivedAt: z.string(),
  attempts: z.number().int(),
  schemaVersion: z.number().int(),
  idempotencyKey: z.string(),
  keyOrigin: z.enum(KEY_ORIGINS),
  contentHash: z.string(),
  contentType: z.string(),
  sizeBytes: z.number().int(),
  duplicateOf: z.string().nullable(),
  duplicateLevel: z.enum(['raw', 'normalized']).nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  conflictOf: z.string().nullable(),
  conflicts: z.array(z.string()),
});
export type RawItem = z.infer<typeof rawItemSchema>;

export const normalizedItemSchema = z.object({
  id: z.string(),
  source: z.string(),
  client_id: z.string(),
  type: z.string(),
  subject: z.string().nullable(),
  timestamp: z.string().nullable(),
  data: z.json(),
  normalizedHash: z.string(),
  schemaVersion: z.number().int(),
  mappingRevision: z.number().int().nullable(),
  lineage: z.record(
    z.string(),
    z.object({ from: z.string().nullable(), rule: z.string(), conversion: z.string().optional() }),
  ),
  warnings: z.array(z.object({ code: z.string(), field: z.string().optional(), detail: z.string() })),
  receivedAt: z.string(),
  storedAt: z.string(),
});
export type NormalizedItem = z.infer<typeof normalizedItemSchema>;

export const timelineEntrySchema = z.object({
  at: z.string(),
  step: z.enum(['received', 'queued', 'attempt', 'outcome']),
  detail: z.string(),
  run: z.number().int().optional(),
  attempt: z.number().int().optional(),
  code: z.string().optional(),
});

export const eventDetailSchema = z.object({
  id: z.string(),
  status: z.enum(STATUSES),
  raw: rawItemSchema.extend({ headers: z.record(z.string(), z.string()), payload: z.json() }).nullable(),
  normalized: normalizedItemSchema.nullable(),
  timeline: z.array(timelineEntrySchema),
  duplicate: z
    .object({ level: z.enum(['raw', 'normalized']), of: z.string(), explanation: z.string() })
    .nullable(),
});
export type EventDetail = z.infer<typeof eventDetailSchema>;

export const ledgerSchema = z.object({
  accepted: z.number().int(),
  normalized: z.number().int(),
  duplicate: z.number().int(),
  dead: z.number().int(),
  inFlight: z.number().int(),
  merged: z.number().int(),
  /** Events of batches that are neither in the queue nor receipted, and those batches by name. */
  unaccounted: z.number().int(),
  unaccountedBatches: z.array(z.object({ instance: z.string(), seq: z.number().int() })),
  balanced: z.boolean(),
});
export type Ledger = z.infer<typeof ledgerSchema>;

export const statsSchema = z.object({
  byStatus: z.record(z.enum(STATUSES), z.number().int()),
  duplicates: z.object({ raw: z.number().int(), normalized: z.number().int() }),
  queue: z.object({
    waiting: z.number().int(),
    active: z.number().int(),
    delayed: z.number().int(),
    failed: z.number().int(),
    parked: z.number().int(),
  }),
  oldestWaitingMs: z.number().nullable(),
  inbox: z.number().int(),
  ledger: ledgerSchema,
});
export type Stats = z.infer<typeof statsSchema>;

export const VITAL_SORTS = ['timestamp', 'deviceId', 'heartRate', 'breathRate'] as const;

export const vitalQuerySchema = z.strictObject({
  count: z.coerce.number().int().min(1).max(100).default(20),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  sortBy: z.enum(VITAL_SORTS).default('timestamp'),
  orderBy: z.enum(['asc', 'desc']).default('desc'),
});
export type VitalQuery = z.infer<typeof vitalQuerySchema>;

export const vitalsSchema = z.object({
  total: z.number().int(),
  resources: z.array(z.looseObject({ deviceId: z.string(), timestamp: z.number() })),
});
export type Vitals = z.infer<typeof vitalsSchema>;

/** The answer to an accepted event. */
export const acceptedSchema = z.object({
  id: z.string(),
  status: z.literal('accepted'),
  duplicate: z.boolean(),
});
export type Accepted = z.infer<typeof acceptedSchema>;
