/**
 * Settling: the one writer of a worker, which the events of many jobs meet.
 *
 *  1. A job hands in its events (`write`); they join the bulk that is forming.
 *  2. The bulk leaves after a moment, or when the one under way is done; at 200 events, or 4 MiB of bodies, also beside some others. So
 *     bulks are as large as the load makes them.
 *  3. MongoDB is asked what it knows of the ids, hashes and batches; reused keys are looked up in a second question.
 *     While nothing was known for some bulks, the next one is guessed to be all new instead: unique ids, hashes and
 *     receipts refuse it as a whole if it is not, and then it is looked up.
 *  4. `decide` makes the plan. A batch whose last event is in it brings its receipt into the same transaction.
 *  5. A conflict means that another writer was first: look up again, decide anew; after three conflicts in halves,
 *     because two bulks that meet in many documents hinder each other. A job that still meets them is given up for
 *     now; the other jobs of the bulk are not.
 *  6. Events that had to wait for a batch-mate form the next bulk at once.
 *  7. When every event of a job has its outcome, the job hears of them all. If MongoDB is away, it hears that.
 *  8. What MongoDB does not manage in time is tried by halves when its jobs come again, down to one event, and what was
 *     stored of them stays; every bulk that it manages lets the next be twice as large again.
 */
import {
  type BatchName,
  type BulkPlan,
  type CommitResult,
  DocumentTooLargeError,
  type LookedUp,
  toHashKey,
  toReceiptId,
} from '@sluice/contracts/bulk';
import type { NormalizedEventDocument } from '@sluice/contracts/event';
import { createPortionShare } from '@sluice/contracts/portion-share';
import { DependencyAwayError, NoAnswerError } from '@sluice/contracts/unavailable';
import type { Candidate, Outcome } from './candidate.ts';
import { type Decided, type Decision, decide, toConflictIds } from './decide.ts';
import { DocumentsBusyError, toFailure } from './failure.ts';
import type { EventStore } from './ports.ts';

export type BulkWriter = {
  /**
   * Settles the events of one job, all or none of which belong to `batch`.
   *
   * @returns the outcomes in the order of the events
   * @throws DependencyAwayError when MongoDB is away; any part may be stored, running the job again mends it
   * @throws DocumentsBusyError when others kept writing the same documents; likewise
   */
  write(batch: BatchName | null, candidates: readonly Candidate[]): Promise<readonly Outcome[]>;
  /** Resolves once nothing is forming or under way. */
  drain(): Promise<void>;
};

export type BulkWriterOptions = {
  readonly store: EventStore;
  /** Names this worker in histories. */
  readonly worker: string;
  readonly now: () => number;
  /** Calls back after a moment; a millisecond by default. */
  readonly soon?: (callback: () => void) => void;
  /** Events in a bulk; 200 by default. */
  readonly bulkEvents?: number;
  /** Bytes of bodies in a bulk, unless one job has more; 4 MiB by default. */
  readonly bulkBytes?: number;
  /** Bulks under way at once; 4 by default. */
  readonly maxInFlight?: number;
  /** Conflicts of one bulk before it is given up; 20 by default. */
  readonly maxConflicts?: number;
  /** Bulks that are looked up after one of which MongoDB knew something, before one is guessed; 10 by default. */
  readonly lookUpsAfterKnown?: number;
  /**
   * Given the records of every committed bulk before its jobs hear of it, and those of events that were stored
   * before, because a worker may have died in between; what it does must be idempotent.
   */
  readonly onCommitted?: (records: readonly NormalizedEventDocument[]) => Promise<void>;
};

/** The events of one job: what is still open of them, and who waits for the outcomes. */
type Parcel = {
  readonly batch: BatchName | null;
  readonly candidates: readonly Candidate[];
  readonly bytes: number;
  readonly outcomes: Map<Candidate, Outcome>;
  /** The ids that the receipt has counted; a second event of the same id is merged. */
  readonly counted: Set<string>;
  accepted: number;
  merged: number;
  /** Whether the job has been told to come again, so that nothing more is to be done for it. */
  isGivenUp: boolean;
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (error: unknown) => void;
};

/** One event in a bulk; `key` is the candidate as it was handed in, whatever has become of it since. */
type Item = { readonly candidate: Candidate; readonly key: Candidate; readonly parcel: Parcel };

const NOTHING_KNOWN: LookedUp = { raw: new Map(), owners: new Map(), receipts: new Map() };

/** Conflicts of the same bulk after which it is tried in halves. */
const HALVE_AFTER_CONFLICTS = 3;

/** Creates the writer of one worker. */
export function createBulkWriter(options: BulkWriterOptions): BulkWriter {
  const { store, worker, now, bulkEvents = 200, maxInFlight = 4, maxConflicts = 20, onCommitted } = options;
  const { lookUpsAfterKnown = 10, bulkBytes = 4 * 1024 ** 2 } = options;
  const soon = options.soon ?? ((callback: () => void) => void setTimeout(callback, 1));
  const forming: Parcel[] = [];
  let formingEvents = 0;
  let formingBytes = 0;
  let inFlight = 0;
  let leaving = false;
  let lookUpsLeft = lookUpsAfterKnown;
  const share = createPortionShare();
  const idle: (() => void)[] = [];

  function write(batch: BatchName | null, candidates: readonly Candidate[]): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      const parcel: Parcel = {
        batch,
        candidates,
        bytes: toBytes(candidates),
        outcomes: new Map(),
        counted: new Set(),
        accepted: 0,
        merged: 0,
        isGivenUp: false,
        resolve,
        reject,
      };
      forming.push(parcel);
      formingEvents += candidates.length;
      formingBytes += parcel.bytes;
      if (isFull()) sendForming();
      else if (!leaving) {
        leaving = true;
        soon(() => {
          leaving = false;
          sendForming();
        });
      }
    });
  }

  function sendForming(): void {
    while (forming.length > 0 && mayLeave()) {
      inFlight += 1;
      void settle(takeBulk()).finally(() => {
        inFlight -= 1;
        sendForming();
        if (inFlight === 0 && forming.length === 0) {
          for (const wake of idle.splice(0)) wake();
        }
      });
    }
  }

  /** Beside another one only a full bulk leaves: half the bulks at twice the size cost far less. */
  function mayLeave(): boolean {
    return inFlight === 0 || (isFull() && inFlight < maxInFlight);
  }

  function isFull(): boolean {
    return formingEvents >= share.of(bulkEvents) || formingBytes >= share.of(bulkBytes);
  }

  /** Takes whole parcels only, so that a receipt is written by the bulk that decides a batch's last event. */
  function takeBulk(): Item[] {
    const items: Item[] = [];
    const maxEvents = share.of(bulkEvents);
    const maxBytes = share.of(bulkBytes);
    let taken = 0;
    let bytes = 0;
    while (taken < forming.length && items.length < maxEvents) {
      const parcel = forming[taken] as Parcel;
      if (taken > 0 && bytes + parcel.bytes > maxBytes) break;
      bytes += parcel.bytes;
      for (const candidate of parcel.candidates) items.push({ candidate, key: candidate, parcel });
      taken += 1;
    }
    forming.splice(0, taken);
    formingEvents -= items.length;
    formingBytes -= bytes;
    return items;
  }

  /** Cuts a bulk, because one job may have more than a share of it. */
  function toPortions(bulk: readonly Item[]): readonly (readonly Item[])[] {
    const maxEvents = share.of(Math.max(bulkEvents, bulk.length));
    const maxBytes = share.of(Math.max(bulkBytes, toBytes(bulk.map(({ key }) => key))));
    const portions: Item[][] = [];
    let portion: Item[] = [];
    let bytes = 0;
    for (const item of bulk) {
      const size = item.key.event.body.length;
      if (portion.length === 0 || portion.length >= maxEvents || bytes + size > maxBytes) {
        portion = [];
        bytes = 0;
        portions.push(portion);
      }
      portion.push(item);
      bytes += size;
    }
    return portions;
  }

  /** Never rejects: a job hears of trouble through its parcel. */
  async function settle(bulk: readonly Item[]): Promise<void> {
    try {
      for (const portion of toPortions(bulk)) {
        let open = await settleRound(portion, 0, lookUpsLeft === 0 && portion.every(mayBeGuessed));
        while (open.length > 0) open = await settleRound(open, 0);
      }
      share.grow();
    } catch (error) {
      if (error instanceof NoAnswerError) share.halve();
      for (const { parcel } of bulk) parcel.reject(error);
    }
  }

  /** Commits what can be decided now and returns what must wait for a batch-mate. */
  async function settleRound(
    all: readonly Item[],
    conflicts: number,
    isGuess = false,
  ): Promise<readonly Item[]> {
    const items = all.filter(({ parcel }) => !parcel.isGivenUp);
    if (items.length === 0) return [];
    const byCandidate = new Map(items.map((item) => [item.candidate, item]));
    const known = isGuess ? NOTHING_KNOWN : await lookUp(items);
    if (!isGuess) lookUpsLeft = isNothing(known) ? Math.max(0, lookUpsLeft - 1) : lookUpsAfterKnown;
    const decision = decide([...byCandidate.keys()], known, { now: new Date(now()), worker });
    const tallies = tally(decision.decided, byCandidate);
    const plan: BulkPlan = { ...decision.plan, receipts: toReceipts(tallies, known) };
    let result: CommitResult;
    try {
      result = await store.commit(plan);
    } catch (error) {
      if (error instanceof DependencyAwayError) throw error;
      return isolate(items, error);
    }
    if (result === 'committed') {
      await onCommitted?.([...plan.normalized, ...(await readStoredBefore(decision))]);
      report(decision, tallies, byCandidate);
      return items.filter(({ candidate }) => decision.later.includes(candidate));
    }
    if (isGuess) {
      lookUpsLeft = lookUpsAfterKnown;
      return settleRound(items, conflicts);
    }
    if (conflicts + 1 >= maxConflicts) return giveUp(items);
    if (conflicts + 1 < HALVE_AFTER_CONFLICTS || items.length === 1) return settleRound(items, conflicts + 1);
    return inHalves(items, conflicts + 1);
  }

  /** Reads the records of events that were stored before: the worker may have died right after storing them. */
  async function readStoredBefore({ decided }: Decision): Promise<readonly NormalizedEventDocument[]> {
    const again = decided.filter(({ outcome }) => outcome.kind === 'merged');
    return again.length === 0 ? [] : store.readRecords(again.map(({ outcome }) => outcome.id));
  }

  async function inHalves(items: readonly Item[], conflicts: number): Promise<readonly Item[]> {
    const half = Math.ceil(items.length / 2);
    const first = await settleRound(items.slice(0, half), conflicts);
    const second = await settleRound(items.slice(half), conflicts);
    return [...first, ...second];
  }

  /** Tells the jobs of these events to come again; nothing is left of them to decide. */
  function giveUp(items: readonly Item[]): readonly Item[] {
    const error = new DocumentsBusyError(`${items.length} events met ${maxConflicts} conflicts.`);
    for (const { parcel } of items) {
      parcel.isGivenUp = true;
      parcel.reject(error);
    }
    return [];
  }

  /** Finds the event that MongoDB refuses to store, by halves, and lets only that one fail. */
  async function isolate(items: readonly Item[], error: unknown): Promise<readonly Item[]> {
    const [item] = items;
    if (item === undefined || items.length > 1) return inHalves(items, 0);
    if (item.candidate.verdict.kind === 'failed' || item.candidate.verdict.kind === 'dead') throw error;
    return settleRound([{ ...item, candidate: toRefused(item.candidate, error) }], 0);
  }

  async function lookUp(items: readonly Item[]): Promise<LookedUp> {
    const ids = new Set<string>();
    const hashes = new Map<string, { tenant: string; normalizedHash: string }>();
    const batches = new Map<string, BatchName>();
    for (const { candidate, parcel } of items) {
      const { event, verdict } = candidate;
      ids.add(event.eventId);
      if (event.conflictOf !== undefined) ids.add(event.conflictOf);
      if (verdict.kind === 'record') {
        const { normalizedHash } = verdict.record;
        hashes.set(toHashKey(event.tenant, normalizedHash), { tenant: event.tenant, normalizedHash });
      }
      if (parcel.batch !== null) batches.set(toReceiptId(parcel.batch), parcel.batch);
    }
    const known = await store.lookUp({
      ids: [...ids],
      hashes: [...hashes.values()],
      batches: [...batches.values()],
    });
    const conflictIds = toConflictIds(
      items.map(({ candidate }) => candidate),
      known,
    );
    if (conflictIds.length === 0) return known;
    const more = await store.lookUp({ ids: conflictIds, hashes: [], batches: [] });
    return { ...known, raw: new Map([...known.raw, ...more.raw]) };
  }

  async function drain(): Promise<void> {
    if (inFlight === 0 && forming.length === 0) return;
    await new Promise<void>((resolve) => idle.push(resolve));
  }

  return { write, drain };
}

function toBytes(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { event }) => sum + event.body.length, 0);
}

/** Only what comes for the first time can be new; what used a key again is decided by what that key holds. */
function mayBeGuessed({ candidate: { origin, event, inboxKey, verdict } }: Item): boolean {
  const isFirst = origin === 'delivery' && inboxKey === null && verdict.kind !== 'alone';
  return isFirst && event.conflictOf === undefined;
}

function isNothing({ raw, owners, receipts }: LookedUp): boolean {
  return raw.size + owners.size + receipts.size === 0;
}

type Tally = { readonly decided: number; readonly accepted: number; readonly merged: number };

/** Counts for each parcel what this round decides of it, an id once. */
function tally(decided: readonly Decided[], items: ReadonlyMap<Candidate, Item>): Map<Parcel, Tally> {
  const tallies = new Map<Parcel, { decided: number; accepted: number; merged: number; ids: Set<string> }>();
  for (const { candidate, counted, outcome } of decided) {
    const parcel = items.get(candidate)?.parcel;
    if (parcel === undefined) continue;
    const entry = tallies.get(parcel) ?? { decided: 0, accepted: 0, merged: 0, ids: new Set() };
    const again = entry.ids.has(outcome.id) || parcel.counted.has(outcome.id);
    if (counted === 'accepted' && !again) entry.accepted += 1;
    else if (counted !== null) entry.merged += 1;
    entry.ids.add(outcome.id);
    entry.decided += 1;
    tallies.set(parcel, entry);
  }
  return tallies;
}

/** Writes the receipt of each batch whose last open events this round decides, unless it is settled already. */
function toReceipts(tallies: ReadonlyMap<Parcel, Tally>, known: LookedUp): BulkPlan['receipts'] {
  return [...tallies].flatMap(([parcel, { decided, accepted, merged }]) => {
    const { batch } = parcel;
    if (batch === null || parcel.outcomes.size + decided < parcel.candidates.length) return [];
    const state = known.receipts.get(toReceiptId(batch));
    if (state === 'settled') return [];
    return [
      {
        ...batch,
        accepted: parcel.accepted + accepted,
        merged: parcel.merged + merged,
        replacesVoid: state === 'void',
      },
    ];
  });
}

function report(
  { decided }: Decision,
  tallies: ReadonlyMap<Parcel, Tally>,
  items: ReadonlyMap<Candidate, Item>,
): void {
  for (const { candidate, outcome } of decided) {
    const item = items.get(candidate);
    item?.parcel.outcomes.set(item.key, outcome);
    item?.parcel.counted.add(outcome.id);
  }
  for (const [parcel, { accepted, merged }] of tallies) {
    parcel.accepted += accepted;
    parcel.merged += merged;
    if (parcel.outcomes.size < parcel.candidates.length) continue;
    parcel.resolve(parcel.candidates.map((candidate) => parcel.outcomes.get(candidate) as Outcome));
  }
}

function toRefused(candidate: Candidate, error: unknown): Candidate {
  if (error instanceof DocumentTooLargeError) {
    const message = `The record was not stored. ${error.message}`;
    return { ...candidate, verdict: { kind: 'dead', code: 'ERR_RECORD_TOO_LARGE', message } };
  }
  const failure = toFailure(error);
  const message = failure.class === 'transient' ? failure.message : 'MongoDB refused the event.';
  return { ...candidate, verdict: { kind: 'failed', code: 'ERR_UNEXPECTED', message } };
}
