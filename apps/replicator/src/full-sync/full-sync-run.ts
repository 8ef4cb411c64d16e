/**
 * One full sync, from where it stands to its end, in the active replicator:
 *
 *  1. A planned one begins with the list of collections and how many documents each has, about.
 *  2. The collections are walked one after the other, from the kept position on.
 *  3. Once a second its numbers and position are written down; the answer tells whether somebody paused or cancelled
 *     it, or another replicator runs it by now: then it ends where it is.
 *  4. While a database is away it waits, and says for which.
 *  5. When all collections are done, so is it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CollectionProgress,
  DIFFERENCE_KINDS,
  type FullSyncDocument,
  type KeptDifference,
  NO_TALLY,
} from '@sluice/contracts/full-sync';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { Logger } from '@sluice/runtime/logger';
import { within } from '@sluice/store/deadline';
import type { FullSyncRunner, FullSyncStore } from '@sluice/store/full-syncs';
import { toStoreError } from '@sluice/store/store-error';
import type { Db, Timestamp } from 'mongodb';
import type { ActiveReplicator } from '../ports.ts';
import { orAborted, type WalkParts, walkCollection } from './collection-walk.ts';
import { confirmDifferences, isApplied, lookUp, type Side } from './confirm-differences.ts';
import { packId, parseIdText, toIdBytes, toIdKey, toIdText, unpackId } from './document-id.ts';
import { createPace } from './pace.ts';
import { createReadSize } from './read-size.ts';

export type FullSyncRunOptions = {
  readonly store: FullSyncStore;
  readonly logger: Logger;
  readonly now: () => number;
  /** How often progress is written down; 1,000 ms by default. */
  readonly noteEveryMs?: number;
};

const NOTE_EVERY_MS = 1000;
const LOOK_AT_FEED_MS = 20;
const AGAIN_MS = 500;
const COUNT_TIMEOUT_MS = 10_000;

/**
 * Documents of a range, and those that are looked up at once to see whether they still differ. Ranges of 1,000 are no
 * faster, and more memory is held.
 */
const RANGE = 250;
const LOOK_UP = 100;

/** Ends a run whose operation is not running any more, or is run by another. */
class HaltedError extends Error {
  override readonly name = 'HaltedError';
}

/**
 * Runs a full sync until it is done or halted. Rejects with what ended `active`, or with what nobody foresaw; then it
 * can be run again from what was written down.
 */
export async function runFullSync(
  first: FullSyncDocument,
  active: ActiveReplicator,
  { store, logger, now, noteEveryMs = NOTE_EVERY_MS }: FullSyncRunOptions,
): Promise<void> {
  const runner: FullSyncRunner = { id: first._id, fence: active.fence };
  const halting = new AbortController();
  const signal = AbortSignal.any([active.signal, halting.signal]);
  const pace = createPace(first.ratePerSecond);
  // A range takes a second at most, so that the rate is kept, and known, within every second.
  const sizes = {
    rangeSize: createReadSize(Math.min(RANGE, first.ratePerSecond)),
    lookUpSize: createReadSize(LOOK_UP),
  };
  let { collections, position } = first;
  let phase: FullSyncDocument['phase'] = 'comparing';
  let waitingFor: string | null = null;

  /** Writes down how far it is; returns when that was, by the primary's cluster. */
  async function note(): Promise<Timestamp> {
    const currentPerSecond = Math.round(pace.rate());
    const fields = { phase, collections, position, currentPerSecond, waitingFor };
    const noted = await store.note(runner, fields, new Date(now()));
    if (noted === null) throw halt('another replicator runs it');
    if (noted.found.state !== 'running') throw halt(`it is ${noted.found.state}`);
    return noted.time;
  }

  function halt(why: string): HaltedError {
    const error = new HaltedError(`The full sync has ended here: ${why}.`);
    halting.abort(error);
    return error;
  }

  async function keepNoting(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      try {
        await pause(noteEveryMs, undefined, { signal: until });
        await note();
      } catch (error) {
        if (until.aborted || error instanceof HaltedError) return;
        // It ends the run, which else would go on unseen, and could not be halted.
        if (!(error instanceof DependencyAwayError)) return halting.abort(error);
      }
    }
  }

  async function untilDone<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        signal.throwIfAborted();
        const result = await orAborted(work(), signal);
        waitingFor = null;
        return result;
      } catch (thrown) {
        const error = toStoreError(thrown);
        if (signal.aborted || !(error instanceof DependencyAwayError)) throw error;
        waitingFor = what;
        await pause(AGAIN_MS, undefined, { signal });
      }
    }
  }

  const untilRead = <Result>(side: Side, read: (db: Db) => Promise<Result>): Promise<Result> =>
    untilDone(`the ${side}, which does not answer`, () => read(active[side]));

  async function waitForFeed(): Promise<void> {
    const time = await untilDone('the primary, which does not answer', note);
    phase = 'confirming';
    while (!isApplied(active.appliedTo(), time)) {
      waitingFor = 'changes that are on their way to the backup';
      await pause(LOOK_AT_FEED_MS, undefined, { signal });
    }
    waitingFor = null;
    phase = 'comparing';
  }

  async function begin(): Promise<void> {
    // Before the list: what is asked for from now on may be about a collection that is not in it.
    const asked = await untilDone('the primary, which does not answer', store.findAsked);
    const names =
      first.only === null
        ? await untilDone('the databases', active.listCollections)
        : [first.only.collection];
    const found: CollectionProgress[] = [];
    for (const name of names) {
      const total = await untilRead('primary', (db) => countAbout(db, name));
      const there = await untilRead('backup', (db) => countAbout(db, name));
      found.push({
        name,
        state: 'waiting',
        ...NO_TALLY,
        total,
        isFresh: there === 0 && first.mode === 'copy',
        samples: [],
      });
    }
    const begun = await untilDone('the primary, which does not answer', () =>
      store.begin(runner, found, new Date(now()), asked),
    );
    if (begun === null) throw halt('it was not planned any more');
    ({ collections, position } = begun);
    logger.info({ operation: runner.id, mode: first.mode, actor: first.actor }, 'full-sync.started');
  }

  async function walk(progress: CollectionProgress, findSince: WalkParts['findSince']): Promise<void> {
    const { mode, deletes } = first;
    // What it would delete at the end of the collection was in the memory of the run before.
    const isLost = progress.extra > 0 && mode === 'copy' && deletes === 'few';
    const isNew = progress.state === 'waiting' || isLost;
    const start: CollectionProgress = isNew
      ? { ...progress, ...NO_TALLY, total: progress.total, samples: [], state: 'comparing' }
      : progress;
    const from = isNew ? null : position;
    const keep: WalkParts['keep'] = (changed, at) => {
      collections = collections.map((other) => (other.name === changed.name ? changed : other));
      position = at;
    };
    keep(start, from);
    const parts = { ...{ mode, deletes, pace, signal, now, keep, findSince, waitForFeed, untilRead } };
    await walkCollection(
      { ...parts, ...sizes, applyIds: active.applyIds, watchChanges: active.watchChanges },
      start,
      from,
    );
  }

  /** Makes named documents what they are on the primary now; what is not there is deleted only when that is confirmed. */
  async function mendNamed({ collection, ids }: NonNullable<FullSyncDocument['only']>): Promise<void> {
    const mayDelete = first.deletes === 'all';
    const values = ids.map(parseIdText);
    // What is deleted cannot be told from what is copied any more when it is done.
    const gone = mayDelete ? await findExtras(collection, values.map(toIdBytes)) : [];
    const handedOver = active.applyIds(collection, values, mayDelete ? 'delete' : 'keep');
    const { synced, refused } = await orAborted(handedOver, signal);
    const left = mayDelete ? [] : await findExtras(collection, values.map(toIdBytes));
    const deleted = Math.min(gone.length, synced);
    // Those that are on neither side count as handed over, too.
    const absent = await countAbsent(collection, values.map(toIdBytes));
    const tally = {
      ...{ ...NO_TALLY, compared: ids.length, total: ids.length, refused },
      ...{ copied: Math.max(0, synced - absent), deleted },
      ...{ extra: gone.length + left.length, kept: left.length },
    };
    const seenAt = new Date(now());
    const samples = left.map(
      (id): KeptDifference => ({ kind: 'extra', id: toIdText(id), since: seenAt, seenAt }),
    );
    collections = [{ name: collection, state: 'done', isFresh: false, ...tally, samples }];
  }

  /** Returns those of some ids that only the backup has, and that no change under way will take away. */
  async function findExtras(collection: string, ids: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const { watchChanges } = active;
    const parts = { watchChanges, waitForFeed, untilRead, lookUpSize: sizes.lookUpSize };
    const suspects = ids.map((id) => ({ kind: 'extra', key: toIdKey(id), id: packId(id) }) as const);
    const { real } = await confirmDifferences(parts, collection, suspects);
    return real.flatMap(({ kind, id }) => (kind === 'extra' ? [unpackId(id)] : []));
  }

  /** Counts those of some ids, each once, that the primary does not have. */
  async function countAbsent(collection: string, ids: readonly Uint8Array[]): Promise<number> {
    const packed = [...new Set(ids.map(packId))];
    const found = await lookUp({ untilRead, lookUpSize: sizes.lookUpSize }, 'primary', collection, packed);
    return packed.length - found.size;
  }

  async function run(): Promise<void> {
    if (first.state === 'planned') await begin();
    // Not before: what was written down until then is not in memory yet.
    noting = keepNoting(AbortSignal.any([signal, ended.signal]));
    if (first.only !== null) await mendNamed(first.only);
    const findSince = await readEarlier(store);
    for (const progress of collections) {
      if (progress.state !== 'done') await walk(progress, findSince);
    }
    const fields = { collections, position: null, stateReason: null };
    await untilDone('the primary, which does not answer', () =>
      store.end(runner, 'done', fields, new Date(now())),
    );
    const { missing, extra, unequal, copied, deleted } = sumUp(collections);
    logger.info({ operation: runner.id, missing, extra, unequal, copied, deleted }, 'full-sync.finished');
  }

  const ended = new AbortController();
  let noting = Promise.resolve();
  try {
    await run();
  } catch (error) {
    if (!halting.signal.aborted) throw error;
    if (!(halting.signal.reason instanceof HaltedError)) throw halting.signal.reason;
    logger.info({ operation: runner.id, reason: String(halting.signal.reason) }, 'full-sync.halted');
  } finally {
    ended.abort();
    await noting;
  }
}

/** Adds the numbers of all collections up. */
function sumUp(collections: readonly CollectionProgress[]): typeof NO_TALLY {
  const names = Object.keys(NO_TALLY) as (keyof typeof NO_TALLY)[];
  return Object.fromEntries(
    names.map((name) => [name, collections.reduce((sum, progress) => sum + progress[name], 0)]),
  ) as typeof NO_TALLY;
}

function countAbout(db: Db, name: string): Promise<number> {
  return within(COUNT_TIMEOUT_MS, () =>
    db.collection(name).estimatedDocumentCount({ maxTimeMS: COUNT_TIMEOUT_MS }),
  );
}

/**
 * Remembers since when what differed in the last whole comparison has been known to differ. What was mended by it or
 * since is another difference when it differs again.
 */
async function readEarlier(store: FullSyncStore): Promise<WalkParts['findSince']> {
  const { verified } = await store.findLast();
  if (verified === null) return () => undefined;
  const since = new Map<string, Date>();
  for (const { name, samples, copied, deleted } of verified.collections) {
    if (copied + deleted > 0) continue;
    for (const sample of samples) since.set(`${name} ${sample.kind} ${sample.id}`, sample.since);
  }
  for (const { collection, ids } of await store.findMended(verified.createdAt)) {
    for (const id of ids) {
      for (const kind of DIFFERENCE_KINDS) since.delete(`${collection} ${kind} ${id}`);
    }
  }
  return (collection, kind, id) => since.get(`${collection} ${kind} ${id}`);
}
