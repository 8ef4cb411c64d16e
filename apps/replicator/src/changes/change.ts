import type { Timestamp } from 'mongodb';
import type { StreamStart } from '../position.ts';

/** A change of the primary's database. */
export type Change = {
  /**
   * Of a document `insert`, `update`, `replace` or `delete`; of a collection as a whole `drop`, `rename` and others, which
   * have no id; `invalidate` when the database was dropped.
   */
  readonly kind: string;
  readonly collection?: string;
  /** As a driver with `promoteValues: false` reads it. */
  readonly id?: unknown;
  /** When it happened, by the primary's cluster: all changes of a transaction have its time, and no others have. */
  readonly at: Timestamp;
  /** The same by a clock. */
  readonly wallAt?: Date;
  /** What the document is since, as it is stored, and null of a delete. Not there where it has to be looked for. */
  readonly told?: Uint8Array | null;
  /** Where to go on behind it. */
  readonly behind: StreamStart;
};

/** Changes in their order, and where they end. */
export type ChangeBatch = {
  readonly changes: readonly Change[];
  /** Where to go on: also when nothing came, because a position that stands still would be lost one day. */
  readonly to: StreamStart;
  /** `now` = there were no more; `between` = between two transactions; `within` = in the midst of a very large one. */
  readonly ends: 'now' | 'between' | 'within';
};

/**
 * Where changes are read. Its calls reject with DependencyAwayError or PositionLostError, and all further ones with the same:
 * what was lost with the answer nobody knows.
 */
export type ChangeSource = {
  /**
   * Reads what came since, or waits for news as long as it is told. What one transaction changed is handed on together,
   * so that it may be more than `limit`.
   */
  next(options: { readonly limit: number; readonly waitMs: number }): Promise<ChangeBatch>;
  /** Never rejects. */
  close(): Promise<void>;
};

/** Which changes to read: those of all collections but the excluded ones, behind `start`, until `ending` is aborted. */
export type ChangesWanted<Start = StreamStart> = {
  readonly start: Start;
  readonly excluded: readonly string[];
  readonly ending: AbortSignal;
  /** How often MongoDB is asked for a sign of life while it is waited for, in ms; 5 s by default. */
  readonly answersEveryMs?: number;
};

/** Changes of one transaction that are handed on together at most: each takes some hundred bytes of memory, besides its document. */
export const MAX_TOGETHER = 20_000;

/** The primary's oplog does not hold the position. */
export class PositionLostError extends Error {
  override readonly name = 'PositionLostError';
}
