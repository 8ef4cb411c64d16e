import type { BulkPlan, CommitResult, LookedUp, LookUp } from '@sluice/contracts/bulk';
import type { AcceptedEvent, NormalizedEventDocument } from '@sluice/contracts/event';
import type { EventsJob, Mark } from '@sluice/contracts/queues';

/**
 * What the protocol needs of the outside, as narrow as it is used. `packages/queue` and `packages/store` offer
 * the real ones, the simulator offers models. Every call must settle by itself: implementations carry their own
 * deadlines and reject with `DependencyAwayError` when the store is away or silent.
 */

/** The queue as accepting sees it. */
export type AcceptQueue = {
  /** Reads the marks of events, in their order; null where there is none. */
  readMarks(eventIds: readonly string[]): Promise<readonly (Mark | null)[]>;
  /** Adds a batch; resolves once Redis has it. Adding the same job id again changes nothing. */
  addBatch(jobId: string, job: EventsJob): Promise<void>;
  /** Sends marks of events that have none, without waiting; losing one costs work, never correctness. */
  writeMarks(marks: readonly { readonly eventId: string; readonly mark: Mark }[]): void;
};

/** The inbox as accepting sees it. */
export type AcceptInbox = {
  /**
   * Keeps events that the queue did not confirm (majority, journaled), together with a void receipt for each
   * batch number. Rows that are there already stay as they are.
   */
  insert(batch: {
    readonly instance: string;
    readonly seq: number;
    readonly events: readonly AcceptedEvent[];
  }): Promise<void>;
};

/** The event store as settling sees it. */
export type EventStore = {
  lookUp(query: LookUp): Promise<LookedUp>;
  /** Writes a plan in one transaction (majority, journaled), or nothing of it. @throws DocumentTooLargeError */
  commit(plan: BulkPlan): Promise<CommitResult>;
  /** Reads the records that have these ids, in any order. */
  readRecords(ids: readonly string[]): Promise<readonly NormalizedEventDocument[]>;
};

/** A job that one event, or the parked events of a batch, get for themselves. */
export type SplitJob = { readonly jobId: string; readonly job: EventsJob; readonly delayMs: number };

/** The queue as settling sees it. */
export type SettleQueue = {
  /** Adds jobs; resolves once Redis has all of them. Adding the same job id again changes nothing. */
  addSplit(jobs: readonly SplitJob[]): Promise<void>;
  /** Forgets events, so that sending them again runs them again, also where the mark is only on its way. */
  removeMarks(eventIds: readonly string[]): Promise<void>;
};
