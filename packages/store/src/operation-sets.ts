/**
 * The set of events of an operation, from its freezing to its end. Whoever runs the operation holds a lease, and hands
 * its fence to every step: one who slept through its lease changes nothing.
 *
 *  1. `freeze` marks every dead letter that the filter finds and that was dead before the watermark.
 *  2. `take` lets the turn of marked events come: from dead to pending, with the run that their jobs will have.
 *  3. Workers settle them; the mark stays, so that what came of them is counted on the events themselves.
 *  4. `release` takes the mark off those whose turn never came, and `close` writes the final numbers down.
 *
 * A step that changes events changes the operation in the same transaction. A pause or a cancellation therefore comes
 * before the step or after it, and the numbers that it tells hold.
 */
import type { RawUpdate } from '@sluice/contracts/bulk';
import type { OpenEvent, RawEventDocument } from '@sluice/contracts/event';
import { MAX_KEPT_IDS, type OperationDocument, type ReplayProgress } from '@sluice/contracts/operations';
import type { AnyBulkWriteOperation, Filter, UpdateFilter } from 'mongodb';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { listOpenIds, toDeadFilter, toHint, toUnlisted } from './dead-letters.ts';
import { toWriteOptions, within } from './deadline.ts';
import { countProgress } from './replay-progress.ts';
import { writeStatusChanges } from './rollup-changes.ts';
import { type InTransaction, transact } from './transaction.ts';

/** The operation that a step is of, and the lease under which it is done. */
export type OperationRunner = { readonly operation: string; readonly fence: number };

/** An event whose turn comes: as it must still be, and the run that it gets. */
type Turn = {
  readonly id: string;
  readonly expect: Pick<RawEventDocument, 'run' | 'attempts'>;
  readonly run: number;
};

/**
 * Operations as a scheduler runs them. `stopped` = the operation is in no state for this any more, or another
 * scheduler runs it. Every call rejects with DependencyAwayError.
 */
export type OperationSets = {
  /** Lists the operations that have not come to their end, the oldest first. */
  listOpen(): Promise<readonly OperationDocument[]>;
  /** Freezes a part of the set; `frozen` = all of it, and the replay runs. */
  freeze(runner: OperationRunner, now: Date): Promise<'frozen' | 'more' | 'stopped'>;
  /** Discards a part of the set, and says how many; `done` = all of it, and the operation is done. */
  discard(
    runner: OperationRunner,
    now: Date,
  ): Promise<{ readonly result: 'done' | 'more' | 'stopped'; readonly discarded: number }>;
  /** Reads the oldest events whose turn is to come, up to 4 MiB of them, but one at least. */
  listPlanned(operation: string, limit: number): Promise<readonly RawEventDocument[]>;
  /** Takes all of these events, or none: `changed` = one of them is not as expected. */
  take(runner: OperationRunner, turns: readonly Turn[], now: Date): Promise<'taken' | 'changed' | 'stopped'>;
  /** Lists the taken events that are pending, 500 at a time. */
  listPending(operation: string): AsyncIterable<readonly OpenEvent[]>;
  /** Reads events whole, in any order. */
  read(ids: readonly string[]): Promise<readonly RawEventDocument[]>;
  /** Counts how far a replay has come. */
  readProgress(operation: string): Promise<ReplayProgress>;
  /** Takes the mark off up to 5,000 events whose turn never came, and returns how many there were. */
  release(runner: OperationRunner): Promise<number>;
  /** Notes what an operation waits for, and how fast it is. */
  note(
    runner: OperationRunner,
    fields: Pick<OperationDocument, 'waitingFor' | 'currentPerSecond'>,
  ): Promise<void>;
  /**
   * Brings an operation that is not ended into another state, with the reason. Nothing of a failed discard is in flight:
   * that is its end. A failed replay is open until it is closed.
   */
  stop(runner: OperationRunner, to: 'paused' | 'failed', stateReason: string, now: Date): Promise<void>;
  /** Writes the final numbers down; an operation that was running is done. */
  close(runner: OperationRunner, now: Date): Promise<void>;
};

/** Events that one transaction marks or discards, and such portions in one call. */
const PORTION = 1000;
const PORTIONS = 20;

/** Events that are read at once, and the most bytes of bodies. */
const PENDING_PORTION = 500;
const PLANNED_BYTES = 4 * 1024 * 1024;

const RELEASE_PORTION = 5000;

/** What speaks of an event's death. */
const OUTCOME = { code: true, message: true, fingerprint: true, discarded: true } as const;

/** Creates the sets; `timeoutMs`, for each question and each transaction, is 10 s by default. */
export function createOperationSets(connection: StoreConnection, { timeoutMs = 10_000 } = {}): OperationSets {
  const operations = toCollection(connection, 'operations');
  const raw = toCollection(connection, 'raw_events');

  const ask = <Result>(work: (options: ReadOptions) => Promise<Result>): Promise<Result> =>
    within(timeoutMs, (signal) => work({ signal, maxTimeMS: timeoutMs }));

  /** Does a step in one transaction with the operation that it is of; `work` says how many events it claimed. */
  async function step(
    { operation, fence }: OperationRunner,
    state: OperationDocument['state'],
    work: (options: InTransaction) => Promise<number | 'changed'>,
  ): Promise<StepResult> {
    let isStopped = false;
    let claimed: number | 'changed' = 0;
    const { result } = await transact(connection, timeoutMs, async (options) => {
      claimed = await work(options);
      if (claimed === 'changed') return 'conflict';
      const { matchedCount } = await operations.updateOne(
        { _id: operation, state, fence: { $lte: fence } },
        { $set: { fence }, $inc: { moves: 1, claimed } },
        options,
      );
      isStopped = matchedCount === 0;
      return isStopped ? 'conflict' : 'committed';
    });
    if (result === 'committed') return claimed;
    return isStopped ? 'stopped' : 'changed';
  }

  function find({ operation, fence }: OperationRunner, state: OperationDocument['state']) {
    return ask((options) => operations.findOne({ _id: operation, state, fence: { $lte: fence } }, options));
  }

  /** Goes through what the filter of an operation finds and nobody has in hand, some portions of it. */
  async function eachPortion(
    { tenant, watermark }: OperationDocument,
    filter: OperationDocument['filter'],
    work: (filter: Filter<RawEventDocument>) => Promise<StepResult>,
  ): Promise<'nothing' | 'some' | 'stopped'> {
    let left: 'nothing' | 'some' = 'nothing';
    const open = await ask((options) => listOpenIds(connection, options));
    const cursor = raw.aggregate<{ readonly _id: string }>(
      [
        { $match: toDeadFilter(tenant, filter, watermark) },
        ...toUnlisted(filter, open),
        { $project: { _id: 1 } },
      ],
      { batchSize: PORTION, ...toHint(filter) },
    );
    try {
      for (let count = 0; count < PORTIONS; count += 1) {
        if (!(await within(timeoutMs, () => cursor.hasNext()))) return left;
        const ids = cursor.readBufferedDocuments(PORTION).map(({ _id }) => _id);
        const result = await work({
          _id: { $in: ids },
          tenant,
          status: 'dead',
          updatedAt: { $lte: watermark },
          'replay.operation': { $nin: open },
        });
        if (result === 'stopped') return 'stopped';
        if (result !== 0) left = 'some';
      }
      return 'some';
    } finally {
      await cursor.close();
    }
  }

  async function freeze(runner: OperationRunner, now: Date): Promise<'frozen' | 'more' | 'stopped'> {
    const found = await find(runner, 'planned');
    if (found === null) return 'stopped';
    const { operation, fence } = runner;
    const mark = {
      operation: { $literal: operation },
      state: { $literal: 'planned' },
      run: '$run',
    };
    const result = await eachPortion(found, found.filter, (filter) =>
      step(runner, 'planned', async (options) => {
        const { modifiedCount } = await raw.updateMany(filter, [{ $set: { replay: mark } }], options);
        return modifiedCount;
      }),
    );
    if (result === 'stopped') return 'stopped';
    if (result === 'some') return 'more';
    const { matchedCount } = await within(timeoutMs, (signal) =>
      operations.updateOne(
        { _id: operation, state: 'planned', fence: { $lte: fence } },
        [{ $set: { state: 'running', frozenAt: now, planned: '$claimed', fence } }],
        toWriteOptions(signal),
      ),
    );
    return matchedCount === 1 ? 'frozen' : 'stopped';
  }

  async function discard(runner: OperationRunner, now: Date): ReturnType<OperationSets['discard']> {
    const found = await find(runner, 'planned');
    if (found === null) return { result: 'stopped', discarded: 0 };
    const { operation, fence } = runner;
    const mark = { at: now, by: found.actor, reason: found.reason ?? '' };
    let discarded = 0;
    const left = await eachPortion(found, { ...found.filter, discarded: false }, async (filter) => {
      const claimed = await step(runner, 'planned', async (options) => {
        const { modifiedCount } = await raw.updateMany(
          { ...filter, 'discarded.at': { $exists: false } },
          { $set: { discarded: mark } },
          options,
        );
        return modifiedCount;
      });
      if (typeof claimed === 'number') discarded += claimed;
      return claimed;
    });
    if (left !== 'nothing') return { result: left === 'some' ? 'more' : 'stopped', discarded };
    const { matchedCount } = await within(timeoutMs, (signal) =>
      operations.updateOne(
        { _id: operation, state: 'planned', fence: { $lte: fence } },
        [
          { $set: { state: 'done', frozenAt: now, endedAt: now, planned: '$claimed', fence } },
          { $unset: 'open' },
        ],
        toWriteOptions(signal),
      ),
    );
    return { result: matchedCount === 1 ? 'done' : 'stopped', discarded };
  }

  function listPlanned(operation: string, limit: number): Promise<readonly RawEventDocument[]> {
    return ask(async (options) => {
      const cursor = raw.find(
        {
          'replay.operation': operation,
          'replay.state': 'planned',
          status: 'dead',
          // One that was sent again meanwhile, and died of it, is another dead letter than the planned one.
          $expr: { $eq: ['$run', '$replay.run'] },
        },
        { ...options, sort: { receivedAt: 1, _id: 1 }, limit, batchSize: limit, promoteBuffers: true },
      );
      const found: RawEventDocument[] = [];
      let bytes = 0;
      try {
        for await (const document of cursor) {
          bytes += document.body.byteLength;
          if (found.length > 0 && bytes > PLANNED_BYTES) break;
          found.push(document);
        }
      } finally {
        await cursor.close();
      }
      return found;
    });
  }

  async function take(
    runner: OperationRunner,
    turns: readonly Turn[],
    now: Date,
  ): Promise<'taken' | 'changed' | 'stopped'> {
    const result = await step(runner, 'running', async (options) => {
      const updates = turns.map((turn) => toUpdate(turn, now));
      const { matchedCount } = await raw.bulkWrite(
        updates.map((update) => toTaken(runner.operation, update)),
        options,
      );
      if (matchedCount < turns.length) return 'changed';
      await writeStatusChanges(connection, updates, options);
      return 0;
    });
    return typeof result === 'number' ? 'taken' : result;
  }

  async function* listPending(operation: string): AsyncGenerator<readonly OpenEvent[]> {
    const projection = { contentHash: 1, run: 1, attempts: 1, batch: 1, schemaVersion: 1, replay: 1 };
    const cursor = raw.find<OpenEvent>(
      { 'replay.operation': operation, 'replay.state': 'taken', status: 'pending' },
      { projection, batchSize: PENDING_PORTION },
    );
    try {
      while (await within(timeoutMs, () => cursor.hasNext()))
        yield cursor.readBufferedDocuments(PENDING_PORTION);
    } finally {
      await cursor.close();
    }
  }

  function release({ operation }: OperationRunner): Promise<number> {
    return within(timeoutMs, async (signal) => {
      const filter = { 'replay.operation': operation, 'replay.state': 'planned' } as const;
      const options = { signal, projection: { _id: 1 }, limit: RELEASE_PORTION };
      const ids = (await raw.find(filter, options).toArray()).map(({ _id }) => _id);
      if (ids.length === 0) return 0;
      await raw.updateMany(
        { ...filter, _id: { $in: ids } },
        { $unset: { replay: true } },
        toWriteOptions(signal),
      );
      return ids.length;
    });
  }

  async function update(
    { operation, fence }: OperationRunner,
    filter: Filter<OperationDocument>,
    set: Partial<OperationDocument>,
    unset: UpdateFilter<OperationDocument> = {},
  ): Promise<void> {
    await within(timeoutMs, (signal) =>
      operations.updateOne(
        { ...filter, _id: operation, fence: { $lte: fence } },
        { $set: { ...set, fence }, ...unset },
        toWriteOptions(signal),
      ),
    );
  }

  async function stop(
    runner: OperationRunner,
    to: 'paused' | 'failed',
    stateReason: string,
    now: Date,
  ): Promise<void> {
    const live: Filter<OperationDocument> = { open: true, state: { $in: ['planned', 'running'] } };
    const set = { state: to, stateReason, waitingFor: null, ...(to === 'failed' ? { endedAt: now } : {}) };
    if (to === 'failed') await update(runner, { ...live, kind: 'discard' }, set, { $unset: { open: true } });
    await update(runner, live, set);
  }

  async function close(runner: OperationRunner, now: Date): Promise<void> {
    const { operation } = runner;
    const progress = await ask((options) => countProgress(connection, operation, options));
    const failed = await ask((options) =>
      raw
        .find(
          { 'replay.operation': operation, 'replay.state': 'taken', status: 'dead' },
          { ...options, projection: { _id: 1 }, sort: { receivedAt: -1, _id: -1 }, limit: MAX_KEPT_IDS },
        )
        .toArray(),
    );
    const end = {
      ...{ progress, failedAgainIds: failed.map(({ _id }) => _id) },
      ...{ waitingFor: null, currentPerSecond: 0 },
    };
    const unset = { $unset: { open: true } } as const;
    await update(runner, { open: true, state: 'running' }, { ...end, state: 'done', endedAt: now }, unset);
    await update(runner, { open: true, state: { $in: ['cancelled', 'failed'] } }, end, unset);
  }

  return {
    listOpen: () =>
      ask((options) => operations.find({ open: true }, { ...options, sort: { createdAt: 1 } }).toArray()),
    freeze,
    discard,
    listPlanned,
    take,
    listPending,
    read: (ids) =>
      ask((options) => raw.find({ _id: { $in: [...ids] } }, { ...options, promoteBuffers: true }).toArray()),
    readProgress: (operation) => ask((options) => countProgress(connection, operation, options)),
    release,
    note: (runner, fields) => update(runner, { open: true }, fields),
    stop,
    close,
  };
}

/** How many events a step claimed; or why nothing of it was done. */
type StepResult = number | 'changed' | 'stopped';

type ReadOptions = { readonly signal: AbortSignal; readonly maxTimeMS: number };

function toUpdate({ id, expect: { run, attempts }, run: next }: Turn, now: Date): RawUpdate {
  return {
    id,
    expect: { status: 'dead', run, attempts },
    set: { status: 'pending', run: next, attempts: 0, updatedAt: now },
  };
}

function toTaken(operation: string, { id, expect, set }: RawUpdate): AnyBulkWriteOperation<RawEventDocument> {
  return {
    updateOne: {
      filter: { _id: id, ...expect, 'replay.operation': operation, 'replay.state': 'planned' },
      update: { $set: { ...set, 'replay.state': 'taken' }, $unset: OUTCOME },
    },
  };
}
