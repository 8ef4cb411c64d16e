import type { Db, Timestamp } from 'mongodb';

/** What became of documents that were handed to the apply loop. */
export type ApplyOutcome = {
  /** Now on the backup as they are on the primary; those that are on neither side included. */
  readonly synced: number;
  /** Refused by the backup: recorded in `sync_failures`, and tried again by the queue `sync`. */
  readonly refused: number;
};

/** What becomes of a document on the backup that is gone on the primary: `keep` leaves that to the feed, which sees deletes. */
export type GoneDocuments = 'delete' | 'keep';

/**
 * Makes documents of a collection on the backup what they are on the primary, `gone` ones too unless they are to be kept:
 * the only way to write there. Resolves when all of them are done, and takes as long as the backup is away: whoever waits for it goes
 * no faster than the backup. Ids are BSON values as a driver with `promoteValues: false` reads them, at most 1,000.
 *
 * @throws LeaseLostError when this replicator is no longer the active one, or ends
 */
export type ApplyIds = (
  collection: string,
  ids: readonly unknown[],
  gone: GoneDocuments,
) => Promise<ApplyOutcome>;

/** Is told of a changed document by its id, as `ApplyIds` takes it. */
export type ChangeListener = (collection: string, id: unknown) => void;

/** What the active replicator, the one that holds the lease, gives to the parts that work only in it. */
export type ActiveReplicator = {
  readonly primary: Db;
  readonly backup: Db;
  /** Which primary this is; see dataset.ts. */
  readonly origin: string;
  /** Higher than that of every earlier holder of the lease. */
  readonly fence: number;
  /** Aborted when the lease is lost, the datasets differ, or the process ends. */
  readonly signal: AbortSignal;
  readonly applyIds: ApplyIds;
  /** Lists the collections of either side that are copied, by name: not views, not `system.*`, not excluded ones. */
  readonly listCollections: () => Promise<readonly string[]>;
  /** Tells up to which time of the primary's cluster all changes are on the backup, or noted as refused. */
  readonly appliedTo: () => Timestamp | null;
  /** Calls a listener for every change as it is read, before it is applied; returns how to stop that. */
  readonly watchChanges: (listener: ChangeListener) => () => void;
};

/** Why a full sync is asked for without a person. */
export type FullSyncReason =
  /** There is no position: the backup is new. */
  | 'first-sync'
  /** The primary's oplog no longer holds the position, or the primary is not where it was. */
  | 'position-lost'
  /** A collection or the database was dropped or renamed, which is not copied by itself. */
  | 'collections-changed';

/** Full syncs as the replicator drives them; `createFullSyncs` in `full-sync/full-syncs.ts` makes them. */
export type FullSyncs = {
  /**
   * Keeps a request for a full sync that never deletes, on the primary; one that waits or runs already is enough
   * unless it has begun. Resolves once it is kept: only then the position moves.
   *
   * @throws DependencyAwayError
   */
  readonly ask: (reason: FullSyncReason) => Promise<void>;
  /**
   * Tells whether a person has asked for a full sync that makes the backup one of this primary, whatever it was of.
   *
   * @throws DependencyAwayError
   */
  readonly isAdoptionAsked: () => Promise<boolean>;
  /** Runs what was asked for while this replicator is active; `stop` resolves when nothing of it runs any more. */
  readonly start: (active: ActiveReplicator) => { readonly stop: () => Promise<void> };
};

/** Ends what a replicator does that is no longer the active one. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}
