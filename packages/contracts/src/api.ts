import { z } from 'zod';
import { EVENT_ID_PATTERN, KEY_ORIGINS, VIA } from './event.ts';
import type { JsonValue } from './json.ts';
import { ratesSchema } from './rates.ts';
import { STATUSES, STORED_STATUSES } from './status.ts';
import { isInOrder, NOT_IN_ORDER, timeRange } from './time-range.ts';
import { wholeNumber } from './whole-number.ts';

/** The page size when none is asked for, and the largest. */
const DEFAULT_LIMIT = 50;
export const MAX_LIMIT = 1000;

/** Takes any JSON value; it comes from where only such values are kept, so it is not walked through once more. */
export const anyJson = z.custom<JsonValue>((value) => value !== undefined);

const page = {
  limit: wholeNumber(1, MAX_LIMIT)
    .default(DEFAULT_LIMIT)
    .describe('How many items at most; a page of large items has fewer.'),
  cursor: z.string().max(512).optional().describe('`nextCursor` of the page before.'),
};

/** The query of a list that has no other parameters. */
export const pageSchema = z.strictObject(page);

/** The answer of every list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const rawQuerySchema = z
  .strictObject({
    status: z
      .enum(STATUSES)
      .optional()
      .describe(
        '`pending` and `processing` are read from the queue; without a status, stored events are listed.',
      ),
    source: z.string().max(64).optional().describe('Only events of this source.'),
    client_id: z.string().max(64).optional().describe('Another name of `source`.'),
    code: z
      .string()
      .max(64)
      .optional()
      .describe('Only events whose last attempt ended with this error code.'),
    fingerprint: z.string().max(64).optional().describe('Only dead letters of this group.'),
    discarded: z
      .enum(['true', 'false'])
      .optional()
      .describe(
        '`true`: only dead letters that were discarded; `false`: without them, which is what `status=dead` and `fingerprint` do by themselves.',
      ),
    ...timeRange,
    ...page,
  })
  .refine(isInOrder, NOT_IN_ORDER);
export type RawQuery = z.infer<typeof rawQuerySchema>;

export const normalizedQuerySchema = z
  .strictObject({
    source: z.string().max(64).optional().describe('Only events of this source.'),
    client_id: z.string().max(64).optional().describe('Another name of `source`.'),
    type: z.string().max(128).optional().describe('Only events of this type, like `metric`.'),
    subject: z.string().min(1).max(512).optional().describe('Only events of this subject, like a device.'),
    ...timeRange,
    ...page,
  })
  .refine(isInOrder, NOT_IN_ORDER);
export type NormalizedQuery = z.infer<typeof normalizedQuerySchema>;

export const rawItemSchema = z
  .object({
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
    fingerprint: z.string().nullable().describe('The group of a dead letter.'),
    discarded: z
      .object({ at: z.string(), by: z.string(), reason: z.string() })
      .nullable()
      .describe('Who discarded a dead letter, when and why.'),
    replay: z.string().nullable().describe('The operation that replayed it last, or will.'),
  })
  .meta({ id: 'RawItem' });
export type RawItem = z.infer<typeof rawItemSchema>;

/** How the fields of a record came about, and what was doubtful. */
export const derivation = {
  lineage: z.record(
    z.string(),
    z.object({ from: z.string().nullable(), rule: z.string(), conversion: z.string().optional() }),
  ),
  warnings: z.array(z.object({ code: z.string(), field: z.string().optional(), detail: z.string() })),
} as const;

export const normalizedItemSchema = z
  .object({
    id: z.string(),
    source: z.string(),
    client_id: z.string(),
    type: z.string(),
    subject: z.string().nullable(),
    timestamp: z.string().nullable(),
    data: anyJson,
    normalizedHash: z.string(),
    schemaVersion: z.number().int(),
    mappingRevision: z.number().int().nullable(),
    ...derivation,
    receivedAt: z.string(),
    storedAt: z.string(),
  })
  .meta({ id: 'NormalizedItem' });
export type NormalizedItem = z.infer<typeof normalizedItemSchema>;

const timelineEntrySchema = z
  .object({
    at: z.string(),
    step: z.enum(['received', 'queued', 'attempt', 'outcome', 'synced']),
    detail: z.string(),
    run: z.number().int().optional(),
    attempt: z.number().int().optional(),
    code: z.string().optional(),
    outcome: z
      .enum(['failed', 'dead', 'parked', 'succeeded'])
      .optional()
      .describe('How an attempt ended; absent while it lasts.'),
    worker: z.string().optional().describe('Which process made the attempt.'),
    dueAt: z.string().optional().describe('When the next attempt comes.'),
  })
  .meta({ id: 'TimelineEntry' });

export const eventParamsSchema = z.object({
  id: z.string().regex(EVENT_ID_PATTERN).describe('`evt_` and 32 hex digits.'),
});

export const eventDetailSchema = z
  .object({
    id: z.string(),
    status: z.enum(STATUSES),
    raw: rawItemSchema
      .extend({
        /** The events that used this event's idempotency key again with another body. */
        conflicts: z.array(z.string()),
        headers: z.record(z.string(), z.string()),
        /** The payload as JSON, or as text when it is none; null when `payloadNote` says why it is not shown. */
        payload: anyJson,
        payloadNote: z.string().nullable(),
      })
      .nullable(),
    normalized: normalizedItemSchema.nullable(),
    timeline: z.array(timelineEntrySchema),
    duplicate: z
      .object({
        level: z.enum(['raw', 'normalized']),
        of: z.string(),
        /** The top-level fields in which the two payloads differ although the records are equal. */
        fields: z.array(z.string()),
        explanation: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'EventDetail' });
export type EventDetail = z.infer<typeof eventDetailSchema>;

const ledgerSchema = z
  .object({
    accepted: z.number().int(),
    normalized: z.number().int(),
    duplicate: z.number().int(),
    dead: z.number().int(),
    inFlight: z.number().int(),
    merged: z.number().int(),
    /** Events of batches that are neither in the queue nor receipted, and those batches by name. */
    unaccounted: z.number().int(),
    unaccountedBatches: z.array(z.object({ instance: z.string(), seq: z.number().int() })),
    /** Whether accepted = normalized + duplicate + dead + in flight. */
    balanced: z.boolean(),
    /** False while so many batches or rows of the inbox wait that not each was looked up; the others count as in flight. */
    complete: z.boolean(),
  })
  .meta({ id: 'Ledger' });
export type Ledger = z.infer<typeof ledgerSchema>;

export const statsSchema = z
  .object({
    byStatus: z.record(z.enum(STATUSES), z.number().int()),
    duplicates: z.object({ raw: z.number().int(), normalized: z.number().int() }),
    rates: ratesSchema,
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
  })
  .meta({ id: 'Stats' });
export type Stats = z.infer<typeof statsSchema>;

/** What a tenant sees of the numbers, unless it is the default one. */
export const tenantStatsSchema = z
  .object({
    byStatus: z.record(z.enum(STORED_STATUSES), z.number().int()).describe('Stored events of the tenant.'),
    duplicates: z.object({ raw: z.number().int(), normalized: z.number().int() }),
    rates: ratesSchema,
  })
  .meta({ id: 'TenantStats' });
export type TenantStats = z.infer<typeof tenantStatsSchema>;

export const setMaintenanceSchema = z.strictObject({
  on: z.boolean(),
  reason: z.string().trim().min(1).max(500).optional().describe('Why, for the audit log.'),
});

export const maintenanceSchema = z
  .object({ on: z.boolean(), since: z.string().nullable() })
  .meta({ id: 'Maintenance' });
export type Maintenance = z.infer<typeof maintenanceSchema>;

const VITAL_SORTS = ['timestamp', 'deviceId', 'heartRate', 'breathRate'] as const;

export const vitalQuerySchema = z.strictObject({
  count: wholeNumber(1, 100).default(20).describe('How many devices at most.'),
  offset: wholeNumber(0, 1_000_000).default(0).describe('How many devices to skip.'),
  sortBy: z.enum(VITAL_SORTS).default('timestamp').describe('What to sort by.'),
  orderBy: z.enum(['asc', 'desc']).default('desc').describe('Smallest or greatest first.'),
});
export type VitalQuery = z.infer<typeof vitalQuerySchema>;

export const vitalsSchema = z
  .object({
    total: z.number().int(),
    resources: z.array(z.looseObject({ deviceId: z.string(), timestamp: z.number() })),
  })
  .meta({ id: 'Vitals' });
export type Vitals = z.infer<typeof vitalsSchema>;

/** The answer to an accepted event. */
export const acceptedSchema = z
  .object({
    id: z.string(),
    status: z.literal('accepted'),
    duplicate: z.boolean(),
  })
  .meta({ id: 'Accepted' });
export type Accepted = z.infer<typeof acceptedSchema>;

/** What became of one item of a batch. */
const batchResultSchema = z.union([
  z.object({ index: z.number().int(), id: z.string(), duplicate: z.boolean() }),
  z.object({ index: z.number().int(), code: z.string(), detail: z.string() }),
]);
export type BatchResult = z.infer<typeof batchResultSchema>;

/** The answer to a batch: what became of each item, in their order. */
export const batchAnswerSchema = z
  .object({
    accepted: z.number().int().describe('Events that are kept now and were not known before.'),
    duplicates: z.number().int().describe('Events that were known.'),
    rejected: z.number().int(),
    results: z.array(batchResultSchema),
  })
  .meta({ id: 'BatchAnswer' });
export type BatchAnswer = z.infer<typeof batchAnswerSchema>;

export const rejectionQuerySchema = z.strictObject({
  cause: z
    .string()
    .max(64)
    .optional()
    .describe('Only refusals for this cause: an error code, or what it hides, like `signature-mismatch`.'),
  source: z
    .string()
    .max(64)
    .optional()
    .describe('Only refusals of requests that named this source, or of records of it.'),
  ...page,
});
export type RejectionQuery = z.infer<typeof rejectionQuerySchema>;

export const rejectionItemSchema = z
  .object({
    id: z.string(),
    at: z.string(),
    source: z.string().nullable(),
    code: z.string(),
    status: z.number().int(),
    /** The code, or the true cause where the answer hides it. */
    cause: z.string(),
    detail: z.string(),
    requestId: z.string(),
    method: z.string(),
    path: z.string(),
    remote: z.string(),
    headers: z.record(z.string(), z.string()),
    /** The first 4 KiB of the body, as text where that is UTF-8, else as base64. */
    body: z.string(),
    bodyEncoding: z.enum(['utf8', 'base64']),
  })
  .meta({ id: 'Rejection' });
export type RejectionItem = z.infer<typeof rejectionItemSchema>;
