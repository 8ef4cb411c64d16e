/**
 * The life of a job of the queue `events`, from the worker that fetched it to what the queue is told.
 *
 *  1. Of a batch, or of parked events, on which a worker died (stalled) the events are stored as pending, unread, and
 *     each gets a job of its own, so that a payload that kills the process takes nobody with it. A single job that
 *     stalled too often is dead.
 *  2. The job waits until there is room for its bodies beside those in hand; while a dependency is away it does not.
 *     Then every event is processed: upcast, normalized, or refused; what it made is its verdict.
 *  3. The bulk writer stores them and says what became of each.
 *  4. Events that failed, died or are parked leave their batch: they get jobs of their own before this job ends.
 *     For dead ones that job fails at once, and stays so for an operator to retry.
 *  5. Dead events are forgotten by ingest, so that sending them again runs them again.
 */
import { type BatchName, toInboxKey } from '@sluice/contracts/bulk';
import type { AcceptedEvent, NormalizedRecord } from '@sluice/contracts/event';
import { type EventsJob, FIRST_RUN, toParkJobId, toSingleJobId } from '@sluice/contracts/queues';
import { toBackoffMs, toParkMs } from './backoff.ts';
import type { BulkWriter } from './bulk-writer.ts';
import { createByteRoom } from './byte-room.ts';
import type { Candidate, Outcome, Verdict } from './candidate.ts';
import { SimulatedFailureError, toFailure } from './failure.ts';
import type { SettleQueue, SplitJob } from './ports.ts';

/** A job as the queue hands it over. */
export type JobView = {
  readonly id: string;
  readonly data: EventsJob;
  /** Attempts that this job has made and that failed. */
  readonly attemptsMade: number;
  /** How often a worker died, or lost the job's lock, while it held the job. */
  readonly stalledCount: number;
  /** Keeps other data with the job, for whoever fetches it next. @throws DependencyAwayError */
  readonly updateData: (data: EventsJob) => Promise<void>;
};

/**
 * What the queue is told of a job; `hold` and `park` count no attempt. A hold that `isBusy` concerns this job alone;
 * else a dependency is away, for all of them.
 */
export type JobResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly message: string }
  | { readonly kind: 'dead'; readonly message: string }
  | { readonly kind: 'hold'; readonly reason: string; readonly isBusy: boolean }
  | { readonly kind: 'park'; readonly delayMs: number; readonly data: EventsJob };

export type JobSettlerOptions = {
  readonly writer: BulkWriter;
  readonly queue: SettleQueue;
  /**
   * Turns an event into its record.
   *
   * @throws UnknownVersionError, RefusedPayloadError, ProblemException, DependencyAwayError
   */
  readonly normalize: (event: AcceptedEvent) => NormalizedRecord;
  readonly now: () => number;
  /** Attempts in a run; 8 by default. */
  readonly attempts?: number;
  /** Pause after the first failed attempt; 1,000 by default. */
  readonly backoffMs?: number;
  /** Pause before a parked event is looked at again the first time; 5,000 by default. */
  readonly parkMs?: number;
  /** How long an event may be parked before it is dead; 24 h by default. */
  readonly parkMaxMs?: number;
  /** How often a single job may stall before it is dead; 5 by default. */
  readonly maxStalls?: number;
  /** Bytes of bodies in hand at once; a job of more is in hand alone. 8 MiB by default. */
  readonly maxHeldBytes?: number;
  /** Spreads pauses: from 0 up to, not including, 1; `Math.random` by default. */
  readonly random?: () => number;
  /** Told of the outcomes of every job. */
  readonly onSettled?: (outcomes: readonly Outcome[]) => void;
};

/** Creates the function that settles jobs; it rejects only for reasons nobody foresaw. */
export function createJobSettler(options: JobSettlerOptions): (job: JobView) => Promise<JobResult> {
  const { queue, now, random, onSettled } = options;
  const { attempts = 8, backoffMs = 1000, parkMs, parkMaxMs = 24 * 3_600_000, maxStalls = 5 } = options;
  const room = createByteRoom(options.maxHeldBytes ?? 8 * 1024 ** 2);

  async function write(
    batch: BatchName | null,
    candidates: readonly Candidate[],
  ): Promise<readonly Outcome[]> {
    const outcomes = await options.writer.write(batch, candidates);
    onSettled?.(outcomes);
    return outcomes;
  }

  async function settleJob(job: JobView): Promise<JobResult> {
    try {
      return await settleInTurn(job);
    } catch (error) {
      const failure = toFailure(error);
      if (failure.class !== 'dependency-away') throw error;
      return { kind: 'hold', reason: failure.message, isBusy: failure.isBusy };
    }
  }

  async function settleInTurn(job: JobView): Promise<JobResult> {
    const bytes = job.data.events.reduce((sum, { body }) => sum + body.length, 0);
    const turn = room.take(bytes);
    if (turn !== undefined) await turn;
    try {
      return await settleInHand(job);
    } catch (error) {
      const failure = toFailure(error);
      // Those who wait would find the same, one after the other.
      if (failure.class === 'dependency-away' && !failure.isBusy) room.sendAway(error);
      throw error;
    } finally {
      room.give(bytes);
    }
  }

  function settleInHand(job: JobView): Promise<JobResult> {
    const { single, park } = job.data;
    if (single?.reason === 'inbox') return settleBatch(job, true);
    if (single !== undefined) return settleSingle(job, single);
    if (park !== undefined) return settleParked(job, park);
    return settleBatch(job, false);
  }

  /** Settles a batch, or one event out of the inbox, which no receipt counts. */
  async function settleBatch({ id, data, stalledCount }: JobView, isInbox: boolean): Promise<JobResult> {
    const batch = isInbox ? null : { instance: data.instance, seq: data.seq };
    const candidates = data.events.map((event): Candidate => {
      const verdict = stalledCount > 0 ? ALONE : toVerdict(event, FIRST_RUN, 1);
      const inboxKey = isInbox ? toInboxKey(event.eventId, event.contentHash) : null;
      return toCandidate(event, verdict, { origin: 'delivery', batch, inboxKey });
    });
    const outcomes = await write(batch, candidates);
    await splitOff(id, data, candidates, outcomes);
    return { kind: 'done' };
  }

  /** Parked events were counted by their batch; those that are still unknown stay in this job. */
  async function settleParked({ id, data, stalledCount }: JobView, park: Park): Promise<JobResult> {
    const candidates = data.events.map((event) => {
      const verdict = stalledCount > 0 ? ALONE : toParkedVerdict(toVerdict(event, FIRST_RUN, 1), park);
      return toCandidate(event, verdict, { origin: 'parked' });
    });
    const outcomes = await write(null, candidates);
    const still = data.events.filter((_, index) => outcomes[index]?.kind === 'parked');
    const left = candidates.map((candidate, index) => ({ candidate, outcome: outcomes[index] as Outcome }));
    const gone = left.filter(({ outcome }) => outcome.kind !== 'parked');
    await splitOff(
      id,
      data,
      gone.map(({ candidate }) => candidate),
      gone.map(({ outcome }) => outcome),
    );
    return still.length === 0 ? { kind: 'done' } : parkAgain({ ...data, events: still }, park);
  }

  async function settleSingle(
    { data, attemptsMade, stalledCount }: JobView,
    single: Single,
  ): Promise<JobResult> {
    const [event] = data.events;
    if (event === undefined) return { kind: 'done' };
    if (single.reason === 'dead' && attemptsMade === 0) {
      return { kind: 'dead', message: single.message ?? 'The event is dead.' };
    }
    const { run } = single;
    const attempt = single.attemptsBefore + attemptsMade + 1;
    // A worker that died beside this event says nothing of it; one that died while it was alone does.
    const isStalled = stalledCount >= maxStalls && (single.begunAlone ?? 0) >= maxStalls - 1;
    const verdict = isStalled
      ? toStalledVerdict(stalledCount)
      : toSingleVerdict(event, run, attempt, data.park);
    const candidate = toCandidate(event, verdict, { run, attempt });
    const [outcome] = await write(null, [candidate]);
    switch (outcome?.kind) {
      case 'failed':
        return { kind: 'retry', message: `${outcome.code}: ${outcome.message}` };
      case 'dead':
        await queue.removeMarks(toMarked(event, outcome.id));
        return { kind: 'dead', message: `${outcome.code}: ${outcome.message}` };
      case 'parked':
        return parkAgain(data, data.park ?? { version: outcome.version, since: toIso(now()), count: 0 });
      default:
        return { kind: 'done' };
    }
  }

  function parkAgain(data: EventsJob, park: Park): JobResult {
    const next = { ...park, count: park.count + 1 };
    return { kind: 'park', delayMs: toParkMs(next.count, parkMs, random), data: { ...data, park: next } };
  }

  function toCandidate(event: AcceptedEvent, verdict: Verdict, origin: Partial<Candidate>): Candidate {
    const candidate = {
      origin: 'single' as const,
      event,
      verdict,
      run: FIRST_RUN,
      attempt: 1,
      batch: null,
      inboxKey: null,
      ...origin,
    };
    return { ...candidate, isLast: candidate.attempt >= attempts };
  }

  function toSingleVerdict(
    event: AcceptedEvent,
    run: number,
    attempt: number,
    park: Park | undefined,
  ): Verdict {
    const verdict = toVerdict(event, run, attempt);
    return park === undefined ? verdict : toParkedVerdict(verdict, park);
  }

  function toVerdict(event: AcceptedEvent, run: number, attempt: number): Verdict {
    try {
      if (isSimulated(event, run, attempt))
        throw new SimulatedFailureError(`Attempt ${attempt} was asked to fail.`);
      return { kind: 'record', record: options.normalize(event) };
    } catch (error) {
      const failure = toFailure(error);
      switch (failure.class) {
        case 'permanent':
          return { kind: 'dead', code: failure.code, message: failure.message };
        case 'transient':
          return { kind: 'failed', code: failure.code, message: failure.message };
        case 'unknown-version':
          return { kind: 'parked', version: failure.version, reason: failure.message };
        case 'dependency-away':
          throw error;
      }
    }
  }

  /** An event that was parked too long is dead. */
  function toParkedVerdict(verdict: Verdict, park: Park): Verdict {
    if (verdict.kind !== 'parked' || now() - Date.parse(park.since) < parkMaxMs) return verdict;
    const message = `No worker could take it since ${park.since}. The last one said: ${verdict.reason}`;
    return { kind: 'dead', code: 'ERR_VERSION_UNKNOWN', message };
  }

  /** Gives the events that are not done jobs of their own, before the job that brought them ends. */
  async function splitOff(
    jobId: string,
    data: EventsJob,
    candidates: readonly Candidate[],
    outcomes: readonly Outcome[],
  ): Promise<void> {
    const jobs: SplitJob[] = [];
    const parked = new Map<number, AcceptedEvent[]>();
    const dead: string[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      const event = candidates[index]?.event;
      if (event === undefined) continue;
      if (outcome.kind === 'parked') {
        parked.set(outcome.version, [...(parked.get(outcome.version) ?? []), event]);
      } else {
        const single = toSingle(outcome);
        if (single === undefined) continue;
        if (outcome.kind === 'dead') dead.push(...toMarked(event, outcome.id));
        jobs.push(toSingleJob(data, { ...event, eventId: outcome.id }, single));
      }
    }
    for (const [version, events] of parked) {
      const park = { version, since: toIso(now()), count: 1 };
      const job = { envelope: 1 as const, instance: data.instance, seq: data.seq, events, park };
      jobs.push({ jobId: toParkJobId(jobId, version), job, delayMs: toParkMs(1, parkMs, random) });
    }
    if (jobs.length > 0) await queue.addSplit(jobs);
    if (dead.length > 0) await queue.removeMarks(dead);
  }

  function toSingleJob({ instance, seq, park }: EventsJob, event: AcceptedEvent, single: Single): SplitJob {
    // Since when it is parked goes with it, where nobody has read it since.
    const parked = park !== undefined && single.reason === 'stalled' ? { park } : {};
    return {
      jobId: toSingleJobId(event.eventId, event.contentHash, single.run),
      job: { envelope: 1, instance, seq, events: [event], single, ...parked },
      delayMs: single.reason === 'failed' ? toBackoffMs(single.attemptsBefore, backoffMs, random) : 0,
    };
  }

  return settleJob;
}

type Park = NonNullable<EventsJob['park']>;
type Single = NonNullable<EventsJob['single']>;

/** What is said of an event that is left unread, because a worker died on the job that holds it. */
const ALONE: Verdict = { kind: 'alone' };

/** Names the ids under which ingest may remember a dead event: its own, and that of a key that another body had used. */
function toMarked({ eventId }: AcceptedEvent, id: string): string[] {
  return id === eventId ? [id] : [id, eventId];
}

/** Returns what the job of an event says that leaves its batch; undefined for one that is done. */
function toSingle(outcome: Outcome): Single | undefined {
  switch (outcome.kind) {
    case 'failed':
      return { run: outcome.run, attemptsBefore: outcome.attempts, reason: 'failed' };
    case 'dead': {
      const message = `${outcome.code}: ${outcome.message}`;
      return { run: outcome.run, attemptsBefore: outcome.attempts, reason: 'dead', message };
    }
    case 'alone':
      return { run: outcome.run, attemptsBefore: outcome.attempts, reason: 'stalled' };
    default:
      return undefined;
  }
}

/** Counts within a run; a run that a person asked for is spared, unless every attempt was to fail. */
function isSimulated({ simulate }: AcceptedEvent, run: number, attempt: number): boolean {
  if (simulate === undefined) return false;
  if (simulate === 'all') return true;
  return run === FIRST_RUN && attempt <= (simulate === true ? 1 : simulate);
}

function toStalledVerdict(stalledCount: number): Verdict {
  const message = `Workers died ${stalledCount} times while they held this event.`;
  return { kind: 'dead', code: 'ERR_STALLED', message };
}

function toIso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
