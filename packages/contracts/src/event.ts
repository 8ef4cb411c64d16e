import { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import type { JsonValue } from './json.ts';
import type { DuplicateLevel, StoredStatus } from './status.ts';

/** How an event came in. */
export const VIA = ['webhook', 'api', 'batch', 'poll', 'import'] as const;
export type Via = (typeof VIA)[number];

/** Where an idempotency key came from: the provider's id, a header, a polled record, or the content hash. */
export const KEY_ORIGINS = ['provider', 'header', 'record', 'content'] as const;
export type KeyOrigin = (typeof KEY_ORIGINS)[number];

/**
 * How the payload stands in the body: `payload` = the body is the payload; `submission` = the body is a
 * submission that names its source beside the payload (`readSubmission`).
 */
const BODY_FORMS = ['payload', 'submission'] as const;
export type BodyForm = (typeof BODY_FORMS)[number];

/** How many attempts shall fail as a database error would: the first, the first n, or all of them. */
export type SimulatedFailure = true | number | 'all';

/** The tenant of everything that names no other. */
export const DEFAULT_TENANT = 'default';

/** The source of `POST /vital-data`. */
export const VITAL_DATA_SOURCE = 'vital-data';

/** The names a source may have; one or two dots alone would be lost in the path of an address. */
export const SOURCE_ID_PATTERN = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,64}$/;

/** The ids of events: `evt_` and 32 hex digits. */
export const EVENT_ID_PATTERN = /^evt_[0-9a-f]{32}$/;

/** The highest schema version that an event may carry. */
export const MAX_SCHEMA_VERSION = 10_000;

/** An accepted event as it travels in a job: the raw event, its identity, nothing computed from its content. */
export const acceptedEventSchema = z.object({
  eventId: z.string(),
  tenant: z.string(),
  source: z.string(),
  via: z.enum(VIA),
  form: z.enum(BODY_FORMS),
  idempotencyKey: z.string(),
  keyOrigin: z.enum(KEY_ORIGINS),
  contentHash: z.string(),
  /**
   * Set when the key was known to be used before, with another body: the id of the event that used it first. The
   * event itself then has an id that includes its content.
   */
  conflictOf: z.string().optional(),
  contentType: z.string(),
  headers: z.record(z.string(), z.string()),
  /** The exact bytes as text; as base64 when they are not UTF-8 (`bodyEncoding`). */
  body: z.string(),
  bodyEncoding: z.literal('base64').optional(),
  /** The type that the sender named, if any. */
  type: z.string().optional(),
  schemaVersion: z.number().int().min(1).max(MAX_SCHEMA_VERSION),
  /** RFC 3339, UTC, milliseconds. */
  receivedAt: z.string(),
  traceparent: z.string().optional(),
  simulate: z.union([z.literal(true), z.number().int().min(1), z.literal('all')]).optional(),
});
export type AcceptedEvent = z.infer<typeof acceptedEventSchema>;

/** Where a canonical field's value came from: path in the payload (null when none), rule and conversion. */
export type FieldLineage = {
  readonly from: string | null;
  readonly rule: string;
  readonly conversion?: string;
};

/** Something that was guessed or missing while normalizing; never a reason to refuse. */
export type NormalizationWarning = {
  readonly code: string;
  readonly field?: string;
  readonly detail: string;
};

/** The canonical record of an event, before it is stored. `timestamp` is RFC 3339 with milliseconds. */
export type NormalizedRecord = {
  readonly type: string;
  readonly subject: string | null;
  readonly timestamp: string | null;
  readonly data: JsonValue;
  readonly schemaVersion: number;
  readonly mappingRevision: number | null;
  readonly lineage: Readonly<Record<string, FieldLineage>>;
  readonly warnings: readonly NormalizationWarning[];
  readonly normalizedHash: string;
};

/** One attempt that did not end in a record. */
export type AttemptRecord = {
  readonly run: number;
  readonly attempt: number;
  readonly at: Date;
  readonly outcome: 'failed' | 'dead' | 'parked';
  readonly code: ErrorCode;
  readonly message: string;
  readonly worker: string;
};

/**
 * A raw event as `raw_events` holds it. `run` is 0 for the first run, else the epoch milliseconds at which a
 * person or a repeat asked for another; `attempts` counts within the run.
 */
export type RawEventDocument = {
  readonly _id: string;
  readonly tenant: string;
  readonly source: string;
  readonly via: Via;
  readonly form: BodyForm;
  readonly idempotencyKey: string;
  readonly keyOrigin: KeyOrigin;
  readonly contentHash: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly type?: string;
  readonly schemaVersion: number;
  readonly receivedAt: Date;
  readonly traceparent?: string;
  readonly simulate?: SimulatedFailure;
  /** The batch that brought it (`toReceiptId`), whose receipt counts it; absent when no batch did (`direct`). */
  readonly batch?: string;
  /** Set when the event came through the inbox or a replay: no receipt counts it, the ledger does by this field. */
  readonly direct?: true;
  readonly status: StoredStatus;
  readonly run: number;
  readonly attempts: number;
  readonly storedAt: Date;
  readonly updatedAt: Date;
  readonly normalizedHash?: string;
  readonly duplicateOf?: string;
  readonly duplicateLevel?: DuplicateLevel;
  readonly code?: ErrorCode;
  readonly message?: string;
  readonly fingerprint?: string;
  /** The event whose key this one used again, with another body. */
  readonly conflictOf?: string;
  readonly history?: readonly AttemptRecord[];
  /** The operation that replays it, or did so last. */
  readonly replay?: ReplayMark;
  /** Set while a dead event is discarded; whatever happens to the event next ends it. */
  readonly discarded?: { readonly at: Date; readonly by: string; readonly reason: string };
};

/**
 * What a bulk replay writes on the events of its set: `planned` = the event is in the set, as the dead event that it
 * was in `run`; `taken` = its turn came, and it was put into the queue.
 */
export type ReplayMark = {
  readonly operation: string;
  readonly state: 'planned' | 'taken';
  readonly run: number;
};

/** What is looked at of a raw event that waits for another attempt, or for a worker that knows it. */
export type OpenEvent = Pick<
  RawEventDocument,
  '_id' | 'contentHash' | 'run' | 'attempts' | 'batch' | 'schemaVersion' | 'replay'
>;

/** A normalized event as `normalized_events` holds it; `_id` is that of its raw event. */
export type NormalizedEventDocument = {
  readonly _id: string;
  readonly tenant: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | null;
  readonly timestamp: Date | null;
  readonly data: JsonValue;
  readonly normalizedHash: string;
  readonly contentHash: string;
  readonly schemaVersion: number;
  readonly mappingRevision: number | null;
  readonly lineage: Readonly<Record<string, FieldLineage>>;
  readonly warnings: readonly NormalizationWarning[];
  readonly receivedAt: Date;
  readonly storedAt: Date;
};
