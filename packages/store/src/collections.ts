import type { KeyRecord } from '@sluice/contracts/access';
import type { AlertDocument } from '@sluice/contracts/alerts';
import type { AuditEntry } from '@sluice/contracts/audit';
import type { InboxDocument, InstanceDocument, ReceiptDocument } from '@sluice/contracts/bulk';
import type { NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import type { JsonValue } from '@sluice/contracts/json';
import type { LatencyCounts } from '@sluice/contracts/latency';
import type { StoredMapping } from '@sluice/contracts/mapping';
import type { OperationDocument } from '@sluice/contracts/operations';
import type { PollCheckpoint, PollRun } from '@sluice/contracts/poll';
import type { Rejection } from '@sluice/contracts/rejection';
import type { StoredSource } from '@sluice/contracts/source';
import type { Sample, SeenVersion } from '@sluice/contracts/stats-history';
import type { StoredStatus } from '@sluice/contracts/status';
import type { SyncFailure, SyncState } from '@sluice/contracts/sync';
import type { Collection, ObjectId } from 'mongodb';
import type { StoreConnection } from './connection.ts';
import type { RollupUnit } from './rollup-units.ts';
import type { RolledValues } from './rollup-values.ts';
import type { SeqRange } from './seq-ranges.ts';

/** The value of a field that is known to be the newest, and the event it came from. */
export type LatestField = {
  /** The event's own time; when it has none, when it was received. */
  readonly t: Date;
  readonly r: Date;
  readonly i: string;
  readonly v: JsonValue;
};

/** The newest known value of each field of one subject (`latest`); field names are kept by `toFieldKey`. */
export type LatestDocument = {
  readonly _id: string;
  readonly tenant: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly timestamp: Date;
  readonly fields: Readonly<Record<string, LatestField>>;
};

/** An instance, and its receipts that were folded: sums of all numbers from 1 to `to` but those in `voids` and `gaps`. */
export type StoredInstance = InstanceDocument & {
  /** Set when it has been silent for a day and nothing of it is missing: the ledger only adds its sums. */
  readonly ended?: true;
  readonly folded?: {
    readonly to: number;
    readonly accepted: number;
    readonly merged: number;
    /** How many of both `events` does not count; absent = none. */
    readonly uncounted?: number;
    /** Numbers up to `to` that had no receipt then, ascending; one that has a receipt now stands for itself. Absent = none. */
    readonly gaps?: readonly SeqRange[];
    /** Void numbers up to `to`, ascending; one that has a receipt stands for itself. Absent = none. */
    readonly voids?: readonly SeqRange[];
  };
};

/** A refused request (`rejections`). */
export type RejectionDocument = Rejection & { readonly _id: ObjectId };

/** A declared source (`sources`); the file's that it no longer names stay, not active. */
export type SourceDocument = {
  readonly _id: string;
  readonly tenant: string;
  readonly owner: 'file' | 'api';
  readonly active: boolean;
  /** Set while nobody polls it. */
  readonly paused?: boolean;
  /** When it was let go on last; absent when it never was. */
  readonly resumedAt?: Date;
  /** Rises by one with every change but that of `paused`; absent in documents of older versions. */
  readonly revision?: number;
  readonly source: StoredSource;
  /** The headers, in lower case, in which it ever sent a credential; absent where it never did. */
  readonly credentialHeaders?: string[];
  readonly updatedAt: Date;
};

/** A revision of a mapping (`mappings`); `_id` is `<source>:<revision>`. */
export type MappingDocument = StoredMapping & {
  readonly _id: string;
  /** The revision that took its place in the moment in which it was retired. */
  readonly replacedBy?: number;
};

/** How far a polled source was read (`checkpoints`). */
export type CheckpointDocument = {
  readonly _id: string;
  readonly state: PollCheckpoint;
  readonly revision: number;
  readonly updatedAt: Date;
};

/** One run of polling a source (`poll_runs`). */
export type PollRunDocument = PollRun & { readonly _id: string };

/** Who may do something that only one may do at a time (`leases`); `fence` rises with every change of hands. */
export type LeaseDocument = {
  readonly _id: string;
  readonly holder: string | null;
  readonly grant: string;
  readonly fence: number;
  readonly expiresAt: Date;
  /** For how long it was given, renewed or retired last. */
  readonly ttlMs?: number;
  /** The mark under which its last holder retired it: until it runs out only others get it. */
  readonly retiredBy?: string;
};

/** A key or a session (`api_keys`); `guard` is counted up where a key must stay as it is for a while. */
export type ApiKeyDocument = Omit<KeyRecord, 'id'> & {
  readonly _id: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
  readonly guard?: number;
};

/** An unsafe call (`audit_log`). */
export type AuditDocument = AuditEntry & { readonly _id: string };

/** What the events of a source in one bucket of time say (`rollups`); `at` is where the bucket begins. */
export type RollupDocument = RolledValues & {
  readonly _id: string;
  readonly tenant: string;
  readonly source: string;
  readonly unit: RollupUnit;
  readonly at: Date;
};

/** Events by status; in a change also less than none. */
export type StatusCounts = Partial<Record<StoredStatus, number>>;

/**
 * How many events of a source have, or got, which status (`outcomes`): `received` = those received in the hour from
 * `at` on, as they are now; `settled` = what was stored in the second `at`, kept for an hour and a half; `settled3m` = what
 * was stored in the 3 minutes from `at` on, kept for two days and half an hour.
 */
export type OutcomeDocument = {
  readonly _id: string;
  readonly tenant: string;
  readonly source: string;
  readonly kind: 'received' | 'settled' | 'settled3m';
  readonly at: Date;
  readonly counts: StatusCounts;
  /** How late those were stored that became a record, or a duplicate, in their first run. */
  readonly latency?: LatencyCounts;
  /** New events among the settled. */
  readonly accepted?: number;
  readonly expiresAt?: Date;
};

/** What one bulk changes in `rollups` and `outcomes`, until it is folded into them; see rollup-changes.ts. */
export type RollupChangeDocument = {
  readonly _id: string;
  readonly at: Date;
  /** Times are in seconds since the epoch. */
  readonly values: readonly (RolledValues & Origin & { readonly second: number })[];
  readonly received: readonly (Origin & Outcomes & { readonly hour: number })[];
  readonly settled: readonly (Origin & Outcomes & { readonly accepted: number })[];
};

/** `latency` is absent in changes of older versions. */
type Outcomes = { readonly counts: StatusCounts; readonly latency?: LatencyCounts };

type Origin = { readonly tenant: string; readonly source: string };

/** What the replicator says of itself (`resume_tokens`, `_id` `state`); the collection holds documents of other kinds. */
export type SyncStateDocument = SyncState & {
  readonly _id: string;
  /** Rises with every write. */
  readonly writes: number;
  readonly updatedAt: Date;
};

/** What a scheduler saw at a moment, or the most of an hour of that (`samples`); `_id` is `slot:` or `hour:` and the time. */
export type SampleDocument = Sample & { readonly _id: string; readonly expiresAt: Date };

/** A version of an app that runs, or ran (`app_versions`); `_id` is both. */
export type AppVersionDocument = SeenVersion & { readonly _id: string; readonly expiresAt: Date };

/** The documents of each collection. */
export type Documents = {
  readonly raw_events: RawEventDocument;
  readonly normalized_events: NormalizedEventDocument;
  readonly latest: LatestDocument;
  readonly rollups: RollupDocument;
  readonly outcomes: OutcomeDocument;
  readonly samples: SampleDocument;
  readonly app_versions: AppVersionDocument;
  readonly receipts: ReceiptDocument;
  readonly instances: StoredInstance;
  readonly inbox: InboxDocument;
  readonly rejections: RejectionDocument;
  readonly sources: SourceDocument;
  readonly mappings: MappingDocument;
  readonly checkpoints: CheckpointDocument;
  readonly poll_runs: PollRunDocument;
  readonly operations: OperationDocument;
  readonly leases: LeaseDocument;
  readonly api_keys: ApiKeyDocument;
  readonly audit_log: AuditDocument;
  readonly resume_tokens: SyncStateDocument;
  readonly sync_failures: SyncFailure;
  readonly alerts: AlertDocument;
};

/** The name of a collection. */
export type CollectionName = keyof Documents;

/** Returns a native collection, typed by its name. */
export function toCollection<Name extends CollectionName>(
  { db }: Pick<StoreConnection, 'db'>,
  name: Name,
): Collection<Documents[Name]> {
  return db.collection<Documents[Name]>(name);
}
