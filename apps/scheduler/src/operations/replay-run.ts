/**
 * One replay, as the scheduler that holds the lease runs it. `step` is called again and again:
 *
 *  1. Planned: its set is frozen, a part at a time; then it runs.
 *  2. Whoever takes it over first adds the jobs that the one before may have left out (`refileTaken`), and so does
 *     whoever missed an answer of Redis; also every 15 s, for a Redis that lost its data.
 *  3. Running: it counts its outcomes, pauses itself when too many failed again, and lets the turn of as many events
 *     come as its rate, Redis' memory and what is in flight allow.
 *  4. When no event's turn is to come and none is in flight, or when it was cancelled and none is in flight, the marks
 *     of those whose turn never came are taken off, and the final numbers are written down.
 */
import type { OperationDocument, ReplayProgress } from '@sluice/contracts/operations';
import type { RefileQueue } from '@sluice/protocol/refile';
import { refileTaken, replayPortion } from '@sluice/protocol/replay-run';
import type { Logger } from '@sluice/runtime/logger';
import type { OperationRunner, OperationSets } from '@sluice/store/operation-sets';
import type { OperationMetrics } from './operation-metrics.ts';
import { toMaxInFlight, toObstacle, toStopReason } from './replay-pace.ts';
import { createTokenBucket } from './token-bucket.ts';

export type ReplayRunOptions = {
  readonly sets: OperationSets;
  readonly queue: RefileQueue;
  /** Tells how much of its memory Redis uses, from 0 to 1. */
  readonly readMemoryShare: () => Promise<number>;
  readonly metrics: OperationMetrics;
  readonly logger: Logger;
  readonly now: () => number;
};

/** A replay in the hands of this process. */
export type ReplayRun = {
  /** Does the next bit; `operation` is as it stands in the store now. @throws DependencyAwayError */
  step(operation: OperationDocument): Promise<void>;
};

/** Events whose turn comes at once at most. */
const PORTION = 200;

const COUNT_EVERY_MS = 1000;
const REFILE_EVERY_MS = 15_000;
const NOTE_EVERY_MS = 1000;

/** The share of the time that counting may take: it reads through the keys of the whole set. */
const COUNT_SHARE = 0.1;

const NOTHING: ReplayProgress = {
  ...{ enqueued: 0, succeeded: 0, duplicate: 0, failedAgain: 0, inFlight: 0, remaining: 0 },
};

/** Creates the run of a replay that this process has just taken over. */
export function createReplayRun(
  first: OperationDocument,
  fence: number,
  options: ReplayRunOptions,
): ReplayRun {
  const { sets, queue, readMemoryShare, metrics, logger, now } = options;
  const runner: OperationRunner = { operation: first._id, fence };
  const clock = () => performance.now();
  const bucket = createTokenBucket(first.ratePerSecond, clock);
  let progress: ReplayProgress | undefined;
  let countAtMs = 0;
  let refileAtMs = 0;
  let noteAtMs = 0;
  let noted: string | null | undefined;
  let isEmpty = false;
  /** Taken since the last count. */
  let taken = 0;

  async function step(operation: OperationDocument): Promise<void> {
    if (operation.state === 'planned') {
      await freeze();
      return;
    }
    if (clock() >= refileAtMs) await refile();
    const counted = await count();
    switch (operation.state) {
      case 'running':
        await run(operation, counted);
        return;
      case 'cancelled':
      case 'failed':
        if (counted.inFlight === 0) await closeWhenSettled();
        return;
      default:
    }
  }

  async function freeze(): Promise<void> {
    let result = await sets.freeze(runner, new Date(now()));
    for (const untilMs = clock() + COUNT_EVERY_MS; result === 'more' && clock() < untilMs; ) {
      result = await sets.freeze(runner, new Date(now()));
    }
    if (result === 'frozen') logger.info({ operation: runner.operation }, 'replay.started');
  }

  async function refile(): Promise<void> {
    const refiled = await refileTaken({ events: sets, queue }, runner.operation);
    refileAtMs = clock() + REFILE_EVERY_MS;
    if (refiled > 0) logger.warn({ operation: runner.operation, refiled }, 'replay.refiled');
  }

  async function count(): Promise<ReplayProgress> {
    const askedMs = clock();
    if (progress !== undefined && askedMs < countAtMs) return progress;
    // What came of the events before this process took the replay over, the one before has counted.
    const last = progress ?? (first.frozenAt === null ? NOTHING : undefined);
    progress = await sets.readProgress(runner.operation);
    if (last !== undefined) metrics.progressed(last, progress);
    taken = 0;
    countAtMs = askedMs + Math.max(COUNT_EVERY_MS, (clock() - askedMs) / COUNT_SHARE);
    return progress;
  }

  async function run(operation: OperationDocument, counted: ReplayProgress): Promise<void> {
    const stopReason = toStopReason(operation, counted);
    if (stopReason !== null) {
      await sets.stop(runner, 'paused', stopReason, new Date(now()));
      logger.warn({ operation: runner.operation, reason: stopReason }, 'replay.paused');
      return;
    }
    if (isEmpty) {
      if (counted.inFlight + taken === 0) await close();
      return;
    }
    const { ratePerSecond } = operation;
    const inFlight = counted.inFlight + taken;
    const obstacle = toObstacle({ ratePerSecond, inFlight, memoryShare: await readMemoryShare() });
    await note(obstacle);
    const room = Math.min(PORTION, bucket.available(), toMaxInFlight(ratePerSecond) - inFlight);
    if (obstacle === null && room >= 1) await turn(Math.floor(room));
  }

  async function turn(limit: number): Promise<void> {
    // Until it is known that the jobs were added.
    refileAtMs = 0;
    const nowMs = now();
    const result = await replayPortion({ events: sets, queue }, runner, { limit, nowMs });
    refileAtMs = clock() + REFILE_EVERY_MS;
    if (result.kind === 'empty') {
      isEmpty = true;
      // What was counted before may have been in flight since.
      countAtMs = 0;
    }
    if (result.kind !== 'taken') return;
    bucket.spend(result.count);
    taken += result.count;
  }

  async function note(waitingFor: string | null): Promise<void> {
    if (waitingFor === noted && clock() < noteAtMs) return;
    const currentPerSecond = Math.round(bucket.rate() * 10) / 10;
    await sets.note(runner, { waitingFor, currentPerSecond });
    noted = waitingFor;
    noteAtMs = clock() + NOTE_EVERY_MS;
  }

  /** What was taken since the last count is in flight, too, also where putting it into the queue failed. */
  async function closeWhenSettled(): Promise<void> {
    countAtMs = 0;
    if ((await count()).inFlight === 0) await close();
  }

  async function close(): Promise<void> {
    while ((await sets.release(runner)) > 0);
    await sets.close(runner, new Date(now()));
    logger.info({ operation: runner.operation, ...progress }, 'replay.finished');
  }

  return { step };
}
