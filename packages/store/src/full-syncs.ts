/**
 * Full syncs as they are kept, in `operations`. None of them is `open` as replays are, so that no scheduler runs one.
 *
 *  1. A person's is created by the api, planned. Where the backup's position is lost, the replicator notes that one is
 *     asked for, and makes it when no other is live.
 *  2. The active replicator begins it and notes its progress, every time with the fence of its lease.
 *  3. People pause, resume and cancel it by its state, which the replicator sees in the answer to its next note.
 *  4. It ends as done or failed; whatever it had found stays in it.
 */
import { randomBytes } from 'node:crypto';
import { DEFAULT_TENANT } from '@sluice/contracts/event';
import type { FullSyncDocument } from '@sluice/contracts/full-sync';
import { DEFAULT_COMPARED_PER_SECOND } from '@sluice/contracts/full-sync-rate';
import { LIVE_STATES, type OperationState } from '@sluice/contracts/operations';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { Filter, Timestamp } from 'mongodb';
import type { StoreConnection } from './connection.ts';
import { toWriteOptions, within } from './deadline.ts';
import { transact, untilCommitted } from './transaction.ts';

/** What whoever starts a full sync decides. */
export type NewFullSync = Pick<
  FullSyncDocument,
  'mode' | 'deletes' | 'adoptDataset' | 'only' | 'ratePerSecond' | 'reason' | 'actor'
>;

/** What a replicator writes down about the full sync that it runs. */
export type FullSyncNote = Partial<
  Pick<
    FullSyncDocument,
    'phase' | 'collections' | 'position' | 'currentPerSecond' | 'waitingFor' | 'stateReason'
  >
>;

/** The full sync that a note is of, and the lease under which it is run. */
export type FullSyncRunner = { readonly id: string; readonly fence: number };

/** A full sync as it stands after a note; `time` is when that was written, by the primary's cluster. */
export type NotedFullSync = { readonly found: FullSyncDocument; readonly time: Timestamp };

/** Named documents that were made what the primary has. */
export type MendedDocuments = {
  readonly collection: string;
  /** As Extended JSON. */
  readonly ids: readonly string[];
  readonly at: Date;
};

/** What was asked for by `ask`, and when: a later request is another one. */
export type AskedFullSync = { readonly reason: string; readonly at: Date };

/** Full syncs, as the api starts and shows them and the replicator runs them. Every call rejects with DependencyAwayError. */
export type FullSyncStore = {
  /** Keeps a new one, unless one is live: then the answer names that one. */
  create(wanted: NewFullSync, now: Date): Promise<FullSyncDocument | { readonly meets: string }>;
  /** Returns the live one, or null. */
  findLive(): Promise<FullSyncDocument | null>;
  /** Returns the newest that is over, and the newest that went through all collections. */
  findLast(): Promise<{ readonly last: FullSyncDocument | null; readonly verified: FullSyncDocument | null }>;
  /** Returns which named documents were mended by runs that were begun since `from`, the newest runs first. */
  findMended(from: Date): Promise<readonly MendedDocuments[]>;
  /** Changes the state of the live one when it is in a state from which this is possible; null when it is not. */
  change(
    to: 'paused' | 'running' | 'cancelled',
    stateReason: string,
    now: Date,
  ): Promise<FullSyncDocument | null>;
  /** Notes that one must run that never deletes; one that has begun before does not count. */
  ask(reason: string, now: Date): Promise<void>;
  /** Tells what was asked for by `ask` and has not begun; null when nothing was. */
  findAsked(): Promise<AskedFullSync | null>;
  /**
   * Begins a planned one; null when it is not planned any more. One that copies is what was asked for: `asked`, as it was
   * found before the collections were listed, or any request when that is left out.
   */
  begin(
    runner: FullSyncRunner,
    collections: FullSyncDocument['collections'],
    now: Date,
    asked?: AskedFullSync | null,
  ): Promise<FullSyncDocument | null>;
  /**
   * Takes over one that was run under a lease on another backup, whose fences say nothing about this one; false while
   * somebody runs it.
   */
  claim(runner: FullSyncRunner, now: Date): Promise<boolean>;
  /** Notes progress if it is running, and returns how it stands; null when a later holder of the lease has run it. */
  note(runner: FullSyncRunner, note: FullSyncNote, now: Date): Promise<NotedFullSync | null>;
  /** Ends a running one. */
  end(runner: FullSyncRunner, to: 'done' | 'failed', note: FullSyncNote, now: Date): Promise<void>;
};

/** Who starts what nobody asked for. */
const SELF = 'replicator';

const ASKED = 'full-sync-asked';
const LOCK = 'create-fullSync';

/** After which silence nobody runs a full sync any more: who does notes something every second. */
const SILENCE_MS = 30_000;

/** Runs with named documents that are remembered since the last comparison. */
const MAX_MENDING = 200;

/** How often creating is tried when another one is created at the same moment. */
const CREATE_ATTEMPTS = 20;

const FROM: Readonly<Record<'paused' | 'running' | 'cancelled', readonly OperationState[]>> = {
  paused: ['planned', 'running'],
  running: ['paused'],
  cancelled: LIVE_STATES,
};

const MINE = { tenant: DEFAULT_TENANT, kind: 'fullSync' } as const;
const LIVE = { ...MINE, state: { $in: [...LIVE_STATES] } };

/** Bytes are read as such, and not as the driver's own type. */
const READ = { promoteBuffers: true } as const;

type AskedDocument = AskedFullSync & { readonly _id: string };

/** Returns what a full sync that starts by itself is: it copies, and never deletes. */
export function toOwnFullSync(reason: string): NewFullSync {
  return {
    ...{ mode: 'copy', deletes: 'none', adoptDataset: false, only: null },
    ...{ ratePerSecond: DEFAULT_COMPARED_PER_SECOND, reason, actor: SELF },
  };
}

/** Creates the store of full syncs; `timeoutMs` is the connection's operation timeout by default. */
export function createFullSyncStore(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): FullSyncStore {
  const { db, client } = connection;
  const operations = db.collection<FullSyncDocument>('operations');
  const tokens = db.collection<AskedDocument>('resume_tokens');
  const datasets = db.collection<{ readonly _id: 'dataset'; readonly origin?: string }>('resume_tokens');

  const ask = <Result>(work: (options: { signal: AbortSignal; maxTimeMS: number }) => Promise<Result>) =>
    within(timeoutMs, (signal) => work({ signal, maxTimeMS: timeoutMs }));

  async function create(wanted: NewFullSync, now: Date): ReturnType<FullSyncStore['create']> {
    const dataset = await ask((options) => datasets.findOne({ _id: 'dataset' }, options));
    const operation = toDocument(wanted, now, dataset?.origin);
    const often = { timeoutMs, attempts: CREATE_ATTEMPTS };
    const created = await untilCommitted(connection, often, async (options) => {
      // Whoever creates writes this document, so that of two at once one has to come again and sees the other.
      await db
        .collection<{ _id: string; fence: number }>('leases')
        .updateOne(
          { _id: LOCK },
          { $inc: { fence: 1 }, $setOnInsert: { holder: null, grant: '', expiresAt: new Date(0) } },
          { upsert: true, ...options },
        );
      const live = await operations.findOne(LIVE, { ...options, projection: { _id: 1 } });
      if (live !== null) return { meets: live._id };
      await operations.insertOne(operation, options);
      return operation;
    });
    if (created !== null) return created;
    throw new DependencyAwayError('mongodb', `${CREATE_ATTEMPTS} attempts to start a full sync met others.`);
  }

  async function findLast(): ReturnType<FullSyncStore['findLast']> {
    const sort = { createdAt: -1 } as const;
    const over = { ...MINE, state: { $nin: [...LIVE_STATES] } };
    const [last, verified] = await Promise.all([
      ask((options) => operations.findOne(over, { ...options, ...READ, sort })),
      ask((options) =>
        operations.findOne({ ...MINE, state: 'done', only: null }, { ...options, ...READ, sort }),
      ),
    ]);
    return { last, verified };
  }

  async function findMended(from: Date): Promise<readonly MendedDocuments[]> {
    const filter: Filter<FullSyncDocument> = {
      ...{ ...MINE, state: 'done', only: { $ne: null }, createdAt: { $gte: from } },
      // Which of its documents the backup refused is not known here: it says nothing of any.
      'collections.refused': { $not: { $gt: 0 } },
    };
    const runs = await ask((options) =>
      operations.find(filter, { ...options, ...READ, sort: { createdAt: -1 }, limit: MAX_MENDING }).toArray(),
    );
    return runs.flatMap(({ only, endedAt, collections }) => {
      if (only === null || endedAt === null) return [];
      const kept = new Set(collections.flatMap(({ samples }) => samples.map(({ id }) => id)));
      return [{ collection: only.collection, ids: only.ids.filter((id) => !kept.has(id)), at: endedAt }];
    });
  }

  function change(
    to: 'paused' | 'running' | 'cancelled',
    stateReason: string,
    now: Date,
  ): Promise<FullSyncDocument | null> {
    // What was paused before it began goes on with that.
    const running = { $cond: [{ $eq: ['$startedAt', null] }, 'planned', 'running'] };
    const set = {
      state: to === 'running' ? running : to,
      stateReason: to === 'running' ? null : { $literal: stateReason },
      waitingFor: null,
      currentPerSecond: 0,
      ...(to === 'cancelled' ? { endedAt: now, phase: 'ended' } : {}),
    };
    return within(timeoutMs, (signal) =>
      operations.findOneAndUpdate({ ...MINE, state: { $in: [...FROM[to]] } }, [{ $set: set }], {
        ...{ returnDocument: 'after', sort: { createdAt: -1 }, ...READ, ...toWriteOptions(signal) },
      }),
    );
  }

  async function askFor(reason: string, now: Date): Promise<void> {
    await within(timeoutMs, (signal) =>
      tokens.updateOne(
        { _id: ASKED },
        { $set: { reason, at: now } },
        { upsert: true, ...toWriteOptions(signal) },
      ),
    );
  }

  async function begin(
    { id, fence }: FullSyncRunner,
    collections: FullSyncDocument['collections'],
    now: Date,
    asked?: AskedFullSync | null,
  ): Promise<FullSyncDocument | null> {
    let begun: FullSyncDocument | null = null;
    const { result } = await transact(connection, timeoutMs, async (options) => {
      begun = await operations.findOneAndUpdate(
        { _id: id, state: 'planned', fence: { $lte: fence } },
        {
          $set: { state: 'running', startedAt: now, updatedAt: now, phase: 'comparing', collections, fence },
        },
        { ...options, ...READ, returnDocument: 'after' },
      );
      if (begun?.mode === 'copy' && begun.only === null && asked !== null) {
        await tokens.deleteOne({ _id: ASKED, ...(asked === undefined ? {} : { at: asked.at }) }, options);
      }
      return begun === null ? 'conflict' : 'committed';
    });
    return result === 'committed' ? begun : null;
  }

  async function claim({ id, fence }: FullSyncRunner, now: Date): Promise<boolean> {
    const silentSince = new Date(now.getTime() - SILENCE_MS);
    const { matchedCount } = await within(timeoutMs, (signal) =>
      operations.updateOne(
        { _id: id, fence: { $gt: fence }, updatedAt: { $lt: silentSince } },
        { $set: { fence, updatedAt: now } },
        toWriteOptions(signal),
      ),
    );
    return matchedCount === 1;
  }

  async function note(
    { id, fence }: FullSyncRunner,
    fields: FullSyncNote,
    now: Date,
  ): Promise<NotedFullSync | null> {
    return within(timeoutMs, async (signal) => {
      await using session = client.startSession();
      const mine = { _id: id, fence: { $lte: fence } };
      const noted = await operations.findOneAndUpdate(
        { ...mine, state: 'running' },
        { $set: { ...fields, fence, updatedAt: now } },
        { returnDocument: 'after', session, ...READ, ...toWriteOptions(signal) },
      );
      const found = noted ?? (await operations.findOne(mine, { session, ...READ, signal }));
      const time = session.operationTime;
      if (found === null || time === undefined) return null;
      return { found, time };
    });
  }

  async function end(
    { id, fence }: FullSyncRunner,
    to: 'done' | 'failed',
    fields: FullSyncNote,
    now: Date,
  ): Promise<void> {
    const set = { ...fields, state: to, phase: 'ended', waitingFor: null, currentPerSecond: 0 } as const;
    await within(timeoutMs, (signal) =>
      operations.updateOne(
        { _id: id, state: { $in: ['planned', 'running'] }, fence: { $lte: fence } },
        { $set: { ...set, fence, endedAt: now, updatedAt: now } },
        toWriteOptions(signal),
      ),
    );
  }

  return {
    create,
    findLive: () => ask((options) => operations.findOne(LIVE, { ...options, ...READ })),
    findLast,
    findMended,
    change,
    ask: askFor,
    findAsked: () =>
      ask((options) =>
        tokens.findOne({ _id: ASKED }, { ...options, projection: { _id: 0, reason: 1, at: 1 } }),
      ),
    begin,
    claim,
    note,
    end,
  };
}

function toDocument(wanted: NewFullSync, now: Date, origin: string | undefined): FullSyncDocument {
  return {
    _id: `op_${randomBytes(12).toString('hex')}`,
    ...MINE,
    ...(origin === undefined ? {} : { origin }),
    ...{ state: 'planned', stateReason: null },
    ...wanted,
    ...{ createdAt: now, startedAt: null, endedAt: null, updatedAt: now },
    ...{ phase: 'waiting', collections: [], position: null },
    ...{ currentPerSecond: 0, waitingFor: null, fence: 0 },
  };
}
