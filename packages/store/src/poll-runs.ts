/**
 * The history of polling:
 *
 *  1. `begin` writes an entry as `running`; whoever holds the source's lease knows that every other `running` entry
 *     of the source is of a scheduler that died, and marks it `crashed`.
 *  2. `end` writes what came of the run, unless another run has marked it in between.
 *  3. Now and then the entries beyond the last `kept` of a source are deleted, but for its last whole run, however
 *     long ago that was: by it people see how far a source is behind. No entry goes for its age: a source that is polled
 *     once a quarter would seem never to have been. Entries with a time ahead, from before a clock was set back, are not
 *     counted: they would push out what happens now.
 */
import { randomUUID } from 'node:crypto';
import { type PollOutcome, type PollProgress, type PollRun, WHOLE_OUTCOMES } from '@sluice/contracts/poll';
import { type PollRunDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';

/** How a run begins. */
export type PollRunStart = Pick<PollRun, 'source' | 'slot' | 'scheduler' | 'startedAt' | 'cursorBefore'>;

/** How a run ends. */
export type PollRunEnd = PollProgress & {
  readonly outcome: Exclude<PollOutcome, 'running'>;
  readonly endedAt: Date;
  readonly cursorAfter: string | null;
  readonly error: string | null;
  readonly waitingUntil?: Date;
};

/** The runs of polled sources. */
export type PollRuns = {
  /**
   * Notes that a run begins, and that earlier ones of the source which never ended have crashed; call it only while
   * holding the source's lease. Returns the id for `end`.
   *
   * @throws DependencyAwayError
   */
  begin(start: PollRunStart): Promise<string>;
  /**
   * Notes how a run ended.
   *
   * @throws DependencyAwayError
   */
  end(id: string, end: PollRunEnd): Promise<void>;
  /**
   * Notes a run that was asked for and did not begin.
   *
   * @throws DependencyAwayError
   */
  note(start: PollRunStart, end: PollRunEnd): Promise<void>;
  /**
   * Lists the last runs of a source, newest first.
   *
   * @throws DependencyAwayError
   */
  list(source: string, limit: number): Promise<readonly PollRun[]>;
  /**
   * Lists the last runs of many sources, `limit` of each, newest first; one question to MongoDB however many there are.
   * Those are left out that lie ahead of `now`, by a clock that was set back since.
   *
   * @throws DependencyAwayError
   */
  listMany(
    sources: readonly string[],
    limit: number,
    now: Date,
  ): Promise<ReadonlyMap<string, readonly PollRun[]>>;
  /**
   * Finds the last run that read everything, of each of these sources that ever had one: for `toLagSeconds`, whatever
   * came after it.
   *
   * @throws DependencyAwayError
   */
  findLastWhole(sources: readonly string[]): Promise<ReadonlyMap<string, WholeRun>>;
};

/** What is known of a run that read everything. */
export type WholeRun = Pick<PollRun, 'outcome' | 'startedAt'>;

/** Old entries of a source are looked for at its first run in a process, and once in so many after that. */
const PRUNE_EVERY = 20;

const MAX_ERROR_CHARS = 1000;

/** By as much clocks of schedulers may differ, in ms: a run that began later than that was before a clock was set back. */
const AHEAD_MS = 60_000;

const NOTHING_YET: PollProgress = {
  ...{ pages: 0, records: 0, accepted: 0, duplicates: 0 },
  problems: { count: 0, first: [] },
};

/**
 * Creates the history of polls; it holds about `kept` (200) runs of each source. `timeoutMs` is the connection's
 * operation timeout by default.
 */
export function createPollRuns(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs, kept = 200 } = {},
): PollRuns {
  const collection = toCollection(connection, 'poll_runs');
  const added = new Map<string, number>();

  async function begin(start: PollRunStart): Promise<string> {
    const _id = randomUUID();
    await within(timeoutMs, async (signal) => {
      const options = toWriteOptions(signal);
      await collection.updateMany(
        { source: start.source, outcome: 'running' },
        { $set: { outcome: 'crashed', endedAt: start.startedAt } },
        options,
      );
      const entry = { ...start, ...NOTHING_YET, endedAt: null, cursorAfter: null, error: null };
      await collection.insertOne({ _id, ...entry, outcome: 'running' }, options);
    });
    await pruneNowAndThen(start);
    return _id;
  }

  async function end(_id: string, ended: PollRunEnd): Promise<void> {
    await within(timeoutMs, (signal) =>
      collection.updateOne({ _id, outcome: 'running' }, { $set: toEnd(ended) }, toWriteOptions(signal)),
    );
  }

  async function note(start: PollRunStart, ended: PollRunEnd): Promise<void> {
    await within(timeoutMs, (signal) =>
      collection.insertOne({ _id: randomUUID(), ...start, ...toEnd(ended) }, toWriteOptions(signal)),
    );
    await pruneNowAndThen(start);
  }

  async function list(source: string, limit: number): Promise<readonly PollRun[]> {
    const found = await within(timeoutMs, (signal) =>
      collection
        .find({ source }, { signal, maxTimeMS: timeoutMs, sort: { startedAt: -1, _id: 1 }, limit })
        .toArray(),
    );
    return found.map(({ _id, ...run }) => run);
  }

  async function listMany(
    sources: readonly string[],
    limit: number,
    now: Date,
  ): Promise<ReadonlyMap<string, readonly PollRun[]>> {
    if (sources.length === 0) return new Map();
    const begun = { startedAt: { $lte: new Date(now.getTime() + AHEAD_MS) } };
    const found = await within(timeoutMs, (signal) =>
      toCollection(connection, 'sources')
        .aggregate<{ readonly _id: string; readonly runs: readonly PollRun[] }>(
          [
            { $match: { _id: { $in: [...sources] } } },
            {
              $lookup: {
                from: collection.collectionName,
                localField: '_id',
                foreignField: 'source',
                // As many as are shown, from the end of the index.
                pipeline: [
                  { $match: begun },
                  { $sort: { startedAt: -1 } },
                  { $limit: limit },
                  { $project: { _id: 0 } },
                ],
                as: 'runs',
              },
            },
            { $project: { runs: 1 } },
          ],
          { signal, maxTimeMS: timeoutMs },
        )
        .toArray(),
    );
    return new Map(found.map(({ _id, runs }) => [_id, runs]));
  }

  async function findLastWhole(sources: readonly string[]): Promise<ReadonlyMap<string, WholeRun>> {
    const found = await within(timeoutMs, (signal) =>
      collection
        .aggregate<{ readonly _id: string; readonly startedAt: Date }>(
          [
            { $match: { source: { $in: [...sources] }, outcome: { $in: [...WHOLE_OUTCOMES] } } },
            { $sort: { source: 1, startedAt: -1 } },
            { $group: { _id: '$source', startedAt: { $first: '$startedAt' } } },
          ],
          { signal, maxTimeMS: timeoutMs },
        )
        .toArray(),
    );
    return new Map(found.map(({ _id, startedAt }) => [_id, { outcome: 'polled', startedAt }]));
  }

  async function pruneNowAndThen({ source, startedAt }: PollRunStart): Promise<void> {
    const count = added.get(source) ?? 0;
    added.set(source, count + 1);
    if (count % PRUNE_EVERY === 0) await prune(source, startedAt);
  }

  async function prune(source: string, nowAt: Date): Promise<void> {
    await within(timeoutMs, async (signal) => {
      const newest = { signal, maxTimeMS: timeoutMs, sort: { startedAt: -1 } } as const;
      const begun = { source, startedAt: { $lte: nowAt } };
      const oldest = await collection.findOne(begun, { ...newest, skip: kept });
      if (oldest === null) return;
      const whole = await collection.findOne({ source, outcome: { $in: [...WHOLE_OUTCOMES] } }, newest);
      const spared = whole === null ? {} : { _id: { $ne: whole._id } };
      await collection.deleteMany(
        { source, startedAt: { $lte: oldest.startedAt }, ...spared },
        toWriteOptions(signal),
      );
    });
  }

  return { begin, end, note, list, listMany, findLastWhole };
}

function toEnd({ error, ...end }: PollRunEnd): Omit<PollRunDocument, '_id' | keyof PollRunStart> {
  return { ...end, error: error?.slice(0, MAX_ERROR_CHARS) ?? null };
}
