import { type BatchName, type Receipt, type ReceiptDocument, toReceiptId } from '@sluice/contracts/bulk';
import { type StoredInstance, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { type SeqRange, withoutSeqs } from './seq-ranges.ts';
import { type InTransaction, transact } from './transaction.ts';

/** How many receipts of an instance one call looks at. */
const PORTION = 5_000;

/** How many gaps of an instance are kept; behind more of them nothing is folded. */
const MAX_GAPS = 1_000;

/** How long an instance must be silent, in ms, until what it had not told of any more is folded, too. */
const ENDED_AFTER_MS = 86_400_000;

/**
 * Returns the receipts that some batches have now, by `toReceiptId`; a void one holds no events.
 *
 * @param options.timeoutMs the connection's operation timeout by default
 * @throws DependencyAwayError
 */
export async function findReceipts(
  connection: StoreConnection,
  batches: readonly BatchName[],
  { timeoutMs = connection.operationTimeoutMs } = {},
): Promise<ReadonlyMap<string, Receipt>> {
  if (batches.length === 0) return new Map();
  const found = await within(timeoutMs, (signal) =>
    toCollection(connection, 'receipts')
      .find({ _id: { $in: batches.map(toReceiptId) } }, { signal, maxTimeMS: timeoutMs })
      .toArray(),
  );
  return new Map(found.map((receipt) => [receipt._id, receipt]));
}

/**
 * Folds old receipts into sums on their instances, so that `receipts` stays small. Of an instance that lives none is
 * folded beyond what it told of: it may still void such a number. Void ones stay, because a worker may settle them yet;
 * numbers without a receipt are noted as gaps, for the same reason. `lookUp` and the ledger know both forms. Returns how
 * many it folded; call again while there are any.
 *
 * @param options.olderThanMs only receipts this old are folded (10 minutes by default): longer than any settling
 *   that looked for a receipt before it was there can go on
 * @param options.timeoutMs for each instance; 10 s by default
 * @throws DependencyAwayError
 */
export async function compactReceipts(
  connection: StoreConnection,
  { olderThanMs = 600_000, timeoutMs = 10_000 } = {},
): Promise<number> {
  const before = new Date(Date.now() - olderThanMs);
  const instances: readonly unknown[] = await within(timeoutMs, () =>
    toCollection(connection, 'receipts').distinct('instance', {}, { maxTimeMS: timeoutMs }),
  );
  let folded = 0;
  for (const _id of instances) {
    // Changes of rollups lie in the same collection, and are of no instance.
    if (typeof _id !== 'string') continue;
    let count = 0;
    const { result } = await transact(connection, timeoutMs, async (options) => {
      count = await fold(connection, _id, before, options);
      return 'committed';
    });
    if (result === 'committed') folded += count;
  }
  return folded;
}

async function fold(
  connection: StoreConnection,
  instance: string,
  before: Date,
  options: InTransaction,
): Promise<number> {
  const receipts = toCollection(connection, 'receipts');
  const instances = toCollection(connection, 'instances');
  const known = await instances.findOne({ _id: instance }, options);
  if (known === null) return 0;
  const { to, accepted, merged, uncounted = 0, gaps = [] } = known.folded ?? NOTHING;
  const hasEnded = known.seenAt.getTime() < Date.now() - ENDED_AFTER_MS;
  const page = { ...options, sort: { seq: 1 }, limit: PORTION } as const;
  const next = await receipts
    .find({ instance, seq: hasEnded ? { $gt: to } : { $gt: to, $lte: known.seq } }, page)
    .toArray();
  const late = await receipts
    .find({ instance, seq: { $lte: to }, state: 'settled', at: { $lt: before } }, page)
    .toArray();
  const run = toRun(next, { to, before, room: MAX_GAPS - gaps.length });
  const done = [...late, ...run.receipts].filter(({ state }) => state === 'settled');
  if (done.length === 0 && run.to === to) return 0;
  // What an instance had not told of when it ended is in none of the events that it told of, either.
  const apart = done.filter((receipt) => receipt.uncounted === true || receipt.seq > known.seq);
  const lateSeqs = late.map(({ seq }) => seq);
  await instances.updateOne(
    { _id: instance },
    {
      $set: {
        folded: {
          to: run.to,
          accepted: accepted + sum(done, 'accepted'),
          merged: merged + sum(done, 'merged'),
          uncounted: uncounted + sum(apart, 'accepted') + sum(apart, 'merged'),
          gaps: [...withoutSeqs(gaps, lateSeqs), ...run.gaps],
        },
      },
    },
    options,
  );
  await receipts.deleteMany({ _id: { $in: done.map(({ _id }) => _id) } }, options);
  return done.length;
}

const NOTHING: NonNullable<StoredInstance['folded']> = { to: 0, accepted: 0, merged: 0 };

function sum(receipts: readonly ReceiptDocument[], of: 'accepted' | 'merged'): number {
  return receipts.reduce((total, receipt) => total + receipt[of], 0);
}

/** Takes the receipts behind `to` that are old enough, up to the first that is not; `room` gaps between them at most. */
function toRun(
  receipts: readonly ReceiptDocument[],
  { to, before, room }: { readonly to: number; readonly before: Date; readonly room: number },
) {
  const gaps: SeqRange[] = [];
  const run: ReceiptDocument[] = [];
  let last = to;
  for (const receipt of receipts) {
    if (receipt.at >= before) break;
    if (receipt.seq > last + 1) {
      if (gaps.length === room) break;
      gaps.push({ from: last + 1, to: receipt.seq - 1 });
    }
    run.push(receipt);
    last = receipt.seq;
  }
  return { receipts: run, to: last, gaps };
}
