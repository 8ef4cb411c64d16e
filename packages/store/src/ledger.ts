import { setTimeout as pause } from 'node:timers/promises';
import { STORED_STATUSES, type StoredStatus } from '@sluice/contracts/status';
import { NoAnswerError } from '@sluice/contracts/unavailable';
import type { Document } from 'mongodb';
import { type StoredInstance, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { type SeqRange, withoutSeqs } from './seq-ranges.ts';
import { type InTransaction, untilCommitted } from './transaction.ts';

/** What MongoDB knows of the batches of one instance. */
export type InstanceLedger = {
  readonly instance: string;
  readonly app: string;
  /** The highest number that is known to be kept, and how many events the batches up to it held. */
  readonly seq: number;
  readonly events: number;
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** What its settled batches brought. */
  readonly accepted: number;
  readonly merged: number;
  /** How many of `events` are settled; `events` minus these are in the queue, or lost. */
  readonly settled: number;
  /** Numbers up to `seq` that have no receipt: those batches are in the queue, or lost. */
  readonly missing: readonly SeqRange[];
};

/** MongoDB's side of the ledger, all of it as of one moment. */
export type StoredLedger = {
  /** Raw events by stored status. */
  readonly byStatus: Readonly<Record<StoredStatus, number>>;
  readonly duplicates: { readonly raw: number; readonly normalized: number };
  /** Raw events that receipts count, and redeliveries of known ones, answered by ingest or met by a worker. */
  readonly accepted: number;
  readonly merged: number;
  /** Raw events that no receipt counts: they came through the inbox or a replay. */
  readonly direct: number;
  /** Rows of the inbox, and how many of them hold an event that is not stored yet, or were too many to be looked up. */
  readonly inbox: { readonly rows: number; readonly unstored: number; readonly isWhole: boolean };
  /** Those that live, or miss something. */
  readonly instances: readonly InstanceLedger[];
  /** Whether `missing` was cut off at `maxRanges`. */
  readonly isTruncated: boolean;
};

/** What every read of a moment is given as its options. */
type SnapshotRead = InTransaction & { readonly maxTimeMS: number };

/**
 * Reads MongoDB's side of the ledger from one snapshot. Counting by status reads an index through, about a second
 * for every few million events: cache the answer where it is asked for often.
 *
 * @param options.timeoutMs 10 s by default
 * @param options.maxRanges how many ranges of missing numbers are returned at most; 10,000 by default
 * @param options.maxRows how many rows of the inbox are looked up at most; 5,000 by default
 * @throws DependencyAwayError
 */
export async function readLedger(
  connection: StoreConnection,
  { timeoutMs = 10_000, maxRanges = 10_000, maxRows = 5000 } = {},
): Promise<StoredLedger> {
  return readSnapshot(connection, timeoutMs, (read) => readWhole(connection, { maxRanges, maxRows }, read));
}

/**
 * Reads the part of `readLedger` that is about batches: it counts no events, so that it takes as long however many there
 * are.
 *
 * @param options.timeoutMs 10 s by default
 * @param options.maxRanges how many ranges of missing numbers are returned at most; 10,000 by default
 * @throws DependencyAwayError
 */
export async function readBatchLedger(
  connection: StoreConnection,
  { timeoutMs = 10_000, maxRanges = 10_000 } = {},
): Promise<Pick<StoredLedger, 'instances' | 'isTruncated'>> {
  return readSnapshot(connection, timeoutMs, async (read) => {
    const instances = await findInstances(connection, read);
    const sums = await sumReceipts(connection, read);
    const { entries, isTruncated } = await toEntries(connection, instances, { sums, maxRanges }, read);
    return { instances: entries, isTruncated };
  });
}

/**
 * Reads in a transaction, one after the other: MongoDB keeps what was there at its beginning until it ends. For a snapshot
 * session it would have to keep the past of every document for as long as reading may take.
 */
async function readSnapshot<Result extends object>(
  connection: StoreConnection,
  timeoutMs: number,
  work: (read: SnapshotRead) => Promise<Result>,
): Promise<Result> {
  const endsAt = performance.now() + timeoutMs;
  for (let leftMs = timeoutMs; leftMs > 0; leftMs = endsAt - performance.now()) {
    const once = { timeoutMs: leftMs, attempts: 1 };
    const result = await untilCommitted(connection, once, (options) =>
      work({ ...options, maxTimeMS: timeoutMs }),
    );
    if (result !== null) return result;
    // Right after a migration there is no snapshot that knows the new collections yet.
    await pause(AGAIN_AFTER_MS);
  }
  throw new NoAnswerError('mongodb', `MongoDB gave no snapshot within ${timeoutMs} ms.`);
}

/** How long to wait for a snapshot that can be read. */
const AGAIN_AFTER_MS = 100;

async function readWhole(
  connection: StoreConnection,
  { maxRanges, maxRows }: { readonly maxRanges: number; readonly maxRows: number },
  read: SnapshotRead,
): Promise<StoredLedger> {
  const instances = await findInstances(connection, read);
  const byStatus = await countByStatus(connection, read);
  const raw = await count(connection, 'raw_events', { duplicateLevel: 'raw' }, read);
  const normalized = await count(connection, 'raw_events', { duplicateLevel: 'normalized' }, read);
  const direct = await count(connection, 'raw_events', { direct: true }, read);
  const inbox = await countInbox(connection, maxRows, read);
  const sums = await sumReceipts(connection, read);
  const ended = await sumEnded(connection, read);
  const { entries, isTruncated } = await toEntries(connection, instances, { sums, maxRanges }, read);
  const known = new Set(instances.map(({ _id }) => _id));
  const unknown = [...sums].filter(([id]) => !known.has(id)).map(([, sum]) => sum);
  return {
    byStatus,
    duplicates: { raw, normalized },
    accepted: total([...entries, ...unknown, ended], 'accepted'),
    merged: total([...entries, ...unknown, ...instances.map(toAnswered), ended], 'merged'),
    direct,
    inbox,
    instances: entries,
    isTruncated,
  };
}

/** Finds what each instance misses, up to `maxRanges` of it in all. */
async function toEntries(
  connection: StoreConnection,
  instances: readonly StoredInstance[],
  { sums, maxRanges }: { readonly sums: ReadonlyMap<string, Sum>; readonly maxRanges: number },
  read: SnapshotRead,
): Promise<{ readonly entries: readonly InstanceLedger[]; readonly isTruncated: boolean }> {
  const entries: InstanceLedger[] = [];
  let room = maxRanges + 1;
  for (const instance of instances) {
    const missing = room > 0 ? await findMissing(connection, instance, room, read) : [];
    room -= missing.length;
    const sum = sums.get(instance._id) ?? NOTHING;
    const ahead = missing.length === 0 ? 0 : await countAhead(connection, instance, read);
    entries.push(toEntry(instance, sum, ahead, missing));
  }
  return { entries, isTruncated: room <= 0 };
}

/** `uncounted`: how many of both the instance does not count in `events`. */
type Sum = { readonly accepted: number; readonly merged: number; readonly uncounted: number };
const NOTHING: Sum = { accepted: 0, merged: 0, uncounted: 0 };

function toEntry(
  { _id, app, seq, events, startedAt, seenAt, folded = { to: 0, ...NOTHING } }: StoredInstance,
  sum: Sum,
  ahead: number,
  missing: readonly SeqRange[],
): InstanceLedger {
  const accepted = sum.accepted + folded.accepted;
  const merged = sum.merged + folded.merged;
  const uncounted = sum.uncounted + (folded.uncounted ?? 0);
  const settled = missing.length === 0 ? events : accepted + merged - uncounted - ahead;
  return { instance: _id, app, seq, events, startedAt, seenAt, accepted, merged, settled, missing };
}

/** Counts the events of receipts beyond the number that the instance told last, those apart that it will not count. */
async function countAhead(
  connection: StoreConnection,
  { _id, seq }: StoredInstance,
  read: SnapshotRead,
): Promise<number> {
  const [found] = await toCollection(connection, 'receipts')
    .aggregate<{ n: number }>(
      [
        { $match: { instance: _id, seq: { $gt: seq }, uncounted: { $exists: false } } },
        { $group: { _id: null, n: { $sum: { $add: ['$accepted', '$merged'] } } } },
      ],
      read,
    )
    .toArray();
  return found?.n ?? 0;
}

/** What an instance answered by itself; one of an earlier release does not say. */
function toAnswered({ merged = 0 }: Partial<StoredInstance>): Sum {
  return { ...NOTHING, merged };
}

type Counted = Pick<Sum, 'accepted' | 'merged'>;

function total(entries: readonly Counted[], of: keyof Counted): number {
  return entries.reduce((sum, entry) => sum + entry[of], 0);
}

/** Counts one status at a time, because only so the server counts keys of the index without looking at them. */
async function countByStatus(
  connection: StoreConnection,
  read: SnapshotRead,
): Promise<Readonly<Record<StoredStatus, number>>> {
  const counts = {} as Record<StoredStatus, number>;
  for (const status of STORED_STATUSES)
    counts[status] = await count(connection, 'raw_events', { status }, read);
  return counts;
}

async function count(
  connection: StoreConnection,
  collection: 'raw_events' | 'receipts' | 'inbox',
  filter: Document,
  read: SnapshotRead,
): Promise<number> {
  const pipeline = [{ $match: filter }, { $count: 'n' }];
  const [found] = await connection.db
    .collection(collection)
    .aggregate<{ n: number }>(pipeline, read)
    .toArray();
  return found?.n ?? 0;
}

/** Looks up only so many rows, because after an outage there are so many that nothing would be answered. */
async function countInbox(
  connection: StoreConnection,
  maxRows: number,
  read: SnapshotRead,
): Promise<StoredLedger['inbox']> {
  const rows = await count(connection, 'inbox', { _id: { $gt: '' } }, read);
  const [found] = await toCollection(connection, 'inbox')
    .aggregate<{ n: number }>(
      [
        { $limit: maxRows },
        {
          $lookup: {
            from: 'raw_events',
            localField: 'event.eventId',
            foreignField: '_id',
            let: { contentHash: '$event.contentHash' },
            pipeline: [
              { $match: { $expr: { $eq: ['$contentHash', '$$contentHash'] } } },
              { $project: { _id: 1 } },
            ],
            as: 'stored',
          },
        },
        { $match: { stored: { $ne: [] } } },
        { $count: 'n' },
      ],
      read,
    )
    .toArray();
  return { rows, unstored: rows - (found?.n ?? 0), isWhole: rows <= maxRows };
}

/** Each start of a process leaves an instance; those that ended and miss nothing are not looked at one by one. */
function findInstances(connection: StoreConnection, read: SnapshotRead): Promise<StoredInstance[]> {
  return toCollection(connection, 'instances')
    .find({ ended: { $exists: false } }, read)
    .toArray();
}

async function sumEnded(connection: StoreConnection, read: SnapshotRead): Promise<Counted> {
  const [found] = await toCollection(connection, 'instances')
    .aggregate<Counted>(
      [
        { $match: { ended: true } },
        {
          $group: {
            _id: null,
            accepted: { $sum: '$folded.accepted' },
            merged: { $sum: { $sum: ['$folded.merged', '$merged'] } },
          },
        },
      ],
      read,
    )
    .toArray();
  return found ?? NOTHING;
}

async function sumReceipts(connection: StoreConnection, read: SnapshotRead): Promise<Map<string, Sum>> {
  const found = await toCollection(connection, 'receipts')
    .aggregate<Sum & { _id: string }>(
      [
        {
          $group: {
            _id: '$instance',
            accepted: { $sum: '$accepted' },
            merged: { $sum: '$merged' },
            uncounted: { $sum: { $cond: ['$uncounted', { $add: ['$accepted', '$merged'] }, 0] } },
          },
        },
      ],
      read,
    )
    .toArray();
  return new Map(found.map(({ _id, ...sum }) => [_id, sum]));
}

/** Finds the numbers of an instance that have no receipt, as far as it has told. */
async function findMissing(
  connection: StoreConnection,
  instance: StoredInstance,
  limit: number,
  read: SnapshotRead,
): Promise<readonly SeqRange[]> {
  const early = (await findOpenGaps(connection, instance, read)).slice(0, limit);
  return [...early, ...(await findLateGaps(connection, instance, limit - early.length, read))];
}

/** Finds what was missing when receipts were folded, and still is. */
async function findOpenGaps(
  connection: StoreConnection,
  { _id, seq, folded }: StoredInstance,
  read: SnapshotRead,
): Promise<readonly SeqRange[]> {
  const gaps = (folded?.gaps ?? [])
    .filter(({ from }) => from <= seq)
    .map(({ from, to }) => ({ from, to: Math.min(to, seq) }));
  if (gaps.length === 0) return [];
  const closed = await toCollection(connection, 'receipts')
    .find(
      { instance: _id, $or: gaps.map(({ from, to }) => ({ seq: { $gte: from, $lte: to } })) },
      { ...read, sort: { seq: 1 }, projection: { seq: 1 } },
    )
    .toArray();
  return withoutSeqs(
    gaps,
    closed.map((receipt) => receipt.seq),
  );
}

/** Finds the gaps behind what was folded; only the gaps leave the server, not the receipts. */
async function findLateGaps(
  connection: StoreConnection,
  { _id, seq, folded }: StoredInstance,
  limit: number,
  read: SnapshotRead,
): Promise<readonly SeqRange[]> {
  const done = folded?.to ?? 0;
  if (seq <= done || limit <= 0) return [];
  const filter = { instance: _id, seq: { $gt: done, $lte: seq } };
  if ((await count(connection, 'receipts', filter, read)) === seq - done) return [];
  const receipts = toCollection(connection, 'receipts');
  const before = { $ifNull: ['$before', done] };
  const gaps = await receipts
    .aggregate<SeqRange>(
      [
        { $match: filter },
        { $sort: { instance: 1, seq: 1 } },
        { $project: { _id: 0, seq: 1 } },
        {
          $setWindowFields: {
            sortBy: { seq: 1 },
            output: { before: { $shift: { output: '$seq', by: -1 } } },
          },
        },
        { $match: { $expr: { $gt: [{ $subtract: ['$seq', before] }, 1] } } },
        { $limit: limit },
        { $project: { from: { $add: [before, 1] }, to: { $subtract: ['$seq', 1] } } },
      ],
      read,
    )
    .toArray();
  const [last] = await receipts
    .find(filter, { ...read, sort: { seq: -1 }, limit: 1, projection: { seq: 1 } })
    .toArray();
  const end = last?.seq ?? done;
  return end < seq && gaps.length < limit ? [...gaps, { from: end + 1, to: seq }] : gaps;
}
