import type { ErrorCode } from './errors.ts';
import type { AcceptedEvent, AttemptRecord, NormalizedEventDocument, RawEventDocument } from './event.ts';
import type { DuplicateLevel, StoredStatus } from './status.ts';

/** Thrown when a plan holds a document that is larger than MongoDB can hold: trying again would not help. */
export class DocumentTooLargeError extends Error {
  override readonly name = 'DocumentTooLargeError';
}

/** Names a batch: the process that accepted it, and its number there. */
export type BatchName = { readonly instance: string; readonly seq: number };

/** Joins a batch's name into one string, the `_id` of its receipt. */
export function toReceiptId(batch: BatchName): string {
  return `${batch.instance}-${batch.seq}`;
}

/** Names an event's row in the inbox. */
export function toInboxKey(eventId: string, contentHash: string): string {
  return `${eventId}-${contentHash.slice(0, 16)}`;
}

/**
 * Proof that every event of a batch is in MongoDB: `accepted` = how many of its events became raw events,
 * `merged` = how many were redeliveries of known ones.
 */
export type Receipt = BatchName & { readonly accepted: number; readonly merged: number };

/**
 * A receipt as `receipts` holds it. `void` stands for a batch that ingest moved to the inbox because Redis did
 * not confirm it: its number is accounted for, and a worker that meets the job after all settles it.
 */
export type ReceiptDocument = BatchName & {
  readonly _id: string;
  readonly state: 'settled' | 'void';
  readonly accepted: number;
  readonly merged: number;
  /**
   * Set when the batch was settled although ingest had moved it to the inbox: `InstanceDocument.events` does not
   * count its events.
   */
  readonly uncounted?: true;
  readonly at: Date;
};

/** An accepted event that Redis could not take, as `inbox` holds it. */
export type InboxDocument = {
  readonly _id: string;
  readonly event: AcceptedEvent;
  readonly at: Date;
  /** When a sweeper last put it into the queue; absent = never. */
  readonly enqueuedAt?: Date;
};

/** How far an ingest or scheduler process has numbered its batches (`instances`). */
export type InstanceDocument = {
  readonly _id: string;
  readonly app: string;
  /** The highest number below which every batch was kept, and how many events those that went to the queue held. */
  readonly seq: number;
  readonly events: number;
  /** Redeliveries that it answered without sending them on. */
  readonly merged: number;
  readonly startedAt: Date;
  readonly seenAt: Date;
};

/** What a bulk asks MongoDB before it decides. */
export type LookUp = {
  readonly ids: readonly string[];
  readonly hashes: readonly { readonly tenant: string; readonly normalizedHash: string }[];
  readonly batches: readonly BatchName[];
};

/** What MongoDB knows of a raw event, as far as decisions need it. */
export type KnownRaw = {
  readonly contentHash: string;
  /** The batch that brought it (`toReceiptId`), null when none did. */
  readonly batch: string | null;
  readonly status: StoredStatus;
  readonly run: number;
  readonly attempts: number;
};

/** The normalized event that owns a hash. */
export type HashOwner = { readonly id: string; readonly contentHash: string };

/** The answer: `owners` by `toHashKey`, `receipts` by `toReceiptId`. */
export type LookedUp = {
  readonly raw: ReadonlyMap<string, KnownRaw>;
  readonly owners: ReadonlyMap<string, HashOwner>;
  readonly receipts: ReadonlyMap<string, ReceiptDocument['state']>;
};

/** Joins tenant and normalized hash, the unique key of `normalized_events`. */
export function toHashKey(tenant: string, normalizedHash: string): string {
  return `${tenant}\0${normalizedHash}`;
}

/** A change of a raw event's status; applied only while the event still is as `expect` says. */
export type RawUpdate = {
  readonly id: string;
  readonly expect: Pick<KnownRaw, 'status' | 'run' | 'attempts'>;
  readonly set: {
    readonly status: StoredStatus;
    readonly run: number;
    readonly attempts: number;
    readonly updatedAt: Date;
    readonly normalizedHash?: string;
    readonly duplicateOf?: string;
    readonly duplicateLevel?: DuplicateLevel;
    readonly code?: ErrorCode;
    readonly message?: string;
    readonly fingerprint?: string;
  };
  /** Appended to `history`, of which the newest 50 are kept. */
  readonly attempt?: AttemptRecord;
};

/** Everything that one transaction writes. */
export type BulkPlan = {
  readonly normalized: readonly NormalizedEventDocument[];
  readonly rawInserts: readonly RawEventDocument[];
  readonly rawUpdates: readonly RawUpdate[];
  readonly receipts: readonly (Receipt & { readonly replacesVoid: boolean })[];
  /** Inbox rows whose events are stored now. */
  readonly inboxDone: readonly string[];
};

/**
 * What became of a bulk: `conflict` = somebody else wrote one of its documents first (write conflict, duplicate
 * key, or an update that no longer applied): nothing was written, look up again and decide anew.
 */
export type CommitResult = 'committed' | 'conflict';
