import type { BatchName } from '@sluice/contracts/bulk';
import type { ErrorCode } from '@sluice/contracts/errors';
import type { AcceptedEvent, NormalizedRecord } from '@sluice/contracts/event';
import type { DuplicateLevel } from '@sluice/contracts/status';

/** What processing made of an event, before MongoDB is asked. */
export type Verdict =
  | { readonly kind: 'record'; readonly record: NormalizedRecord }
  /** A transient failure: to be tried again, or dead when this was the last attempt. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'dead'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'parked'; readonly version: number; readonly reason: string }
  /** Not looked at: a worker died on its batch, so it is processed in a job of its own. */
  | { readonly kind: 'alone' };

/**
 * How an event came: in a batch or out of the inbox, in a job of its own, or with others that wait for a worker which
 * knows their schema version. Only a job of its own knows which run and attempt it is.
 */
export type Origin = 'delivery' | 'single' | 'parked';

/** One event on its way into a bulk. `run` and `attempt` (from 1) say which try this is. */
export type Candidate = {
  readonly origin: Origin;
  readonly event: AcceptedEvent;
  readonly verdict: Verdict;
  readonly run: number;
  readonly attempt: number;
  /** Whether no attempt is left after this one. */
  readonly isLast: boolean;
  /** The batch whose receipt counts the event; null for an event with a job of its own. */
  readonly batch: BatchName | null;
  /** The inbox row that the event came through, deleted once the event is stored. */
  readonly inboxKey: string | null;
};

/** What became of an event, once its bulk is committed. `id` is the id it is stored under. */
export type Outcome =
  | { readonly kind: 'normalized'; readonly id: string }
  | { readonly kind: 'duplicate'; readonly id: string; readonly of: string; readonly level: DuplicateLevel }
  /** The event was stored before, with a final status: nothing was to be done. */
  | { readonly kind: 'merged'; readonly id: string }
  /** A later run or attempt is known: this one has no say any more. */
  | { readonly kind: 'stale'; readonly id: string }
  /** To be tried again: `attempts` of run `run` are used up. */
  | {
      readonly kind: 'failed';
      readonly id: string;
      readonly run: number;
      readonly attempts: number;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | {
      readonly kind: 'dead';
      readonly id: string;
      readonly run: number;
      readonly attempts: number;
      readonly code: ErrorCode;
      readonly message: string;
    }
  | { readonly kind: 'parked'; readonly id: string; readonly version: number }
  | { readonly kind: 'alone'; readonly id: string; readonly run: number; readonly attempts: number };
