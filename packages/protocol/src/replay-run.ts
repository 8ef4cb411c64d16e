/**
 * The turn of the events of a bulk replay. Its set was frozen before: every event of it carries the operation's mark,
 * and the run in which it was dead.
 *
 *  1. The oldest events whose turn has not come are read.
 *  2. Each gets a new run, and all of them are taken in one transaction, which fails when the operation was paused,
 *     cancelled or handed over meanwhile, or when one of them is no longer as it was. From now on they are pending.
 *  3. Their jobs are added. A job's id is made of the event and the operation, so that adding it again adds nothing.
 *  4. A crash between the two leaves pending events without jobs: `refileTaken` adds them. An event whose job was done
 *     already is final by then, and one that died again has its failed job: neither runs again.
 */
import type { OpenEvent, RawEventDocument } from '@sluice/contracts/event';
import { toReplayJobId } from '@sluice/contracts/operations';
import { toSingleJobId } from '@sluice/contracts/queues';
import { toStoredEvent } from './accepted-event.ts';
import type { SettleQueue, SplitJob } from './ports.ts';
import type { OpenEvents, RefileQueue } from './refile.ts';

/** An event whose turn comes: as it must still be, and the run that it gets. */
export type ReplayTurn = {
  readonly id: string;
  readonly expect: Pick<RawEventDocument, 'run' | 'attempts'>;
  readonly run: number;
};

/** The operation that takes events, and the lease under which it is run. */
export type ReplayRunner = { readonly operation: string; readonly fence: number };

/** The events of a replay as running it sees them. */
export type ReplayEvents = {
  /** Reads the oldest events whose turn is to come and that are dead as they were; at least one if there is any. */
  listPlanned(operation: string, limit: number): Promise<readonly RawEventDocument[]>;
  /**
   * Takes all of them, or none: `stopped` = the operation does not run any more, or somebody else runs it; `changed` =
   * one of them is not as expected.
   */
  take(
    runner: ReplayRunner,
    turns: readonly ReplayTurn[],
    now: Date,
  ): Promise<'taken' | 'changed' | 'stopped'>;
  /** Lists the taken events that are pending, a portion at a time. */
  listPending(operation: string): AsyncIterable<readonly OpenEvent[]>;
  /** Reads events whole, in any order. */
  read: OpenEvents['read'];
};

/** What came of one portion; `empty` = no event's turn is to come any more. */
export type PortionResult =
  | { readonly kind: 'taken'; readonly count: number }
  | { readonly kind: 'empty' | 'changed' | 'stopped' };

/**
 * Lets the turn of up to `limit` events come.
 *
 * @throws DependencyAwayError; events that were taken by then need `refileTaken`
 */
export async function replayPortion(
  { events, queue }: { readonly events: ReplayEvents; readonly queue: Pick<SettleQueue, 'addSplit'> },
  runner: ReplayRunner,
  { limit, nowMs }: { readonly limit: number; readonly nowMs: number },
): Promise<PortionResult> {
  const portion = await events.listPlanned(runner.operation, limit);
  if (portion.length === 0) return { kind: 'empty' };
  const turns = portion.map((raw) => toTurn(raw, nowMs));
  const result = await events.take(runner, turns, new Date(nowMs));
  if (result !== 'taken') return { kind: result };
  const jobs = portion.map((raw, index) =>
    toReplayJob({ ...raw, run: turns[index]?.run ?? raw.run, attempts: 0 }, runner.operation),
  );
  await queue.addSplit(jobs);
  return { kind: 'taken', count: portion.length };
}

/** Adds the jobs of taken events that have none, and returns how many there were; throws DependencyAwayError. */
export async function refileTaken(
  { events, queue }: { readonly events: ReplayEvents; readonly queue: RefileQueue },
  operation: string,
): Promise<number> {
  let refiled = 0;
  for await (const portion of events.listPending(operation)) {
    const names = portion.flatMap((event) => toJobIds(event, operation));
    const known = await queue.hasJobs(names);
    const missing = portion.filter((_, index) => known[2 * index] !== true && known[2 * index + 1] !== true);
    if (missing.length === 0) continue;
    const whole = await events.read(missing.map(({ _id }) => _id));
    const open = whole.filter(
      ({ status, replay }) => status === 'pending' && replay?.operation === operation,
    );
    await queue.addSplit(open.map((raw) => toReplayJob(raw, operation)));
    refiled += open.length;
  }
  return refiled;
}

/** A run is named by its time, and always higher than the one before, whatever the clocks say. */
function toTurn({ _id, run, attempts }: RawEventDocument, nowMs: number): ReplayTurn {
  return { id: _id, expect: { run, attempts }, run: Math.max(nowMs, run + 1) };
}

/** Its own job, or the one that refiling gave it. */
function toJobIds({ _id, contentHash, run }: OpenEvent, operation: string): [string, string] {
  return [toReplayJobId(_id, operation), toSingleJobId(_id, contentHash, run)];
}

function toReplayJob(raw: RawEventDocument, operation: string): SplitJob {
  const { _id, run, attempts } = raw;
  return {
    jobId: toReplayJobId(_id, operation),
    job: {
      envelope: 1,
      instance: 'replay',
      seq: 0,
      events: [toStoredEvent(raw)],
      single: { run, attemptsBefore: attempts, reason: 'replay' },
    },
    delayMs: 0,
  };
}
