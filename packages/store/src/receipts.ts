import { type BatchName, type Receipt, toReceiptId } from '@sluice/contracts/bulk';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { doEachApart } from './each-apart.ts';
import { foldReceipts, toFolded } from './fold-receipts.ts';
import { toEndedBefore } from './instances.ts';
import { type InTransaction, transact } from './transaction.ts';

/** How many receipts of an instance one call looks at. */
const PORTION = 5_000;

/** How many gaps of an instance are kept, and how many ranges of void numbers; behind more gaps nothing is folded. */
const MAX_RANGES = 1_000;

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
 * folded beyond what it told of: it may still void such a number. Void ones are kept as ranges, because a worker may
 * settle them yet; numbers without a receipt as gaps, for the same reason. `lookUp` and the ledger know both forms. An
 * instance that cannot be folded keeps no other from it. Returns how many it folded, or went past; call again while
 * there are any.
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
  const found: readonly unknown[] = await within(timeoutMs, () =>
    toCollection(connection, 'receipts').distinct('instance', {}, { maxTimeMS: timeoutMs }),
  );
  // Changes of rollups lie in the same collection, and are of no instance.
  const instances = found.filter((instance) => typeof instance === 'string');
  let folded = 0;
  const work = async (instance: string) => {
    let count = 0;
    const { result } = await transact(connection, timeoutMs, async (options) => {
      count = await fold(connection, instance, before, options);
      return 'committed';
    });
    if (result === 'committed') folded += count;
  };
  await doEachApart(instances, work, () => connection.ping());
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
  const folded = toFolded(known);
  const { to, voids } = folded;
  // What it had not told of any more is folded too.
  const hasEnded = known.seenAt < toEndedBefore();
  const page = { ...options, sort: { seq: 1 }, limit: PORTION } as const;
  // While there is no range left for void ones, they stay where they are.
  const late = voids.length < MAX_RANGES ? {} : { state: 'settled' as const };
  const old = await receipts
    .find({ instance, seq: { $lte: to }, at: { $lt: before }, ...late }, page)
    .toArray();
  const next = await receipts
    .find({ instance, seq: hasEnded ? { $gt: to } : { $gt: to, $lte: known.seq } }, page)
    .toArray();
  const young = next.findIndex(({ at }) => at >= before);
  const all = [...old, ...next.slice(0, young === -1 ? next.length : young)];
  const result = foldReceipts(folded, all, { told: known.seq, maxRanges: MAX_RANGES });
  if (result.done.length === 0 && result.folded.to === to) return 0;
  await instances.updateOne({ _id: instance }, { $set: { folded: result.folded } }, options);
  await receipts.deleteMany({ _id: { $in: result.done.map(({ _id }) => _id) } }, options);
  return Math.max(1, result.done.length);
}
