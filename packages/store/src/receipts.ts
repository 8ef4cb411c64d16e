import { type BatchName, type Receipt, type ReceiptDocument, toReceiptId } from '@sluice/contracts/bulk';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { type InTransaction, transact } from './transaction.ts';

/** How many receipts of an instance one call looks at. */
const PORTION = 5_000;

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
 * Folds old receipts into sums on their instances, so that `receipts` stays small: of every instance the settled ones
 * up to the first missing number, and no further than the instance told, for beyond it may still void a number. Void
 * ones stay, because a worker may settle them yet; `lookUp` and the ledger know both forms. Returns how many it folded; call again while there are any.
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
  const instances = await within(timeoutMs, (signal) =>
    toCollection(connection, 'instances')
      .find({}, { projection: { _id: 1 }, signal, maxTimeMS: timeoutMs })
      .toArray(),
  );
  let folded = 0;
  for (const { _id } of instances) {
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
  const { to, accepted, merged, uncounted = 0 } = known.folded ?? { to: 0, accepted: 0, merged: 0 };
  const page = { ...options, sort: { seq: 1 }, limit: PORTION } as const;
  const next = await receipts.find({ instance, seq: { $gt: to, $lte: known.seq } }, page).toArray();
  const late = await receipts
    .find({ instance, seq: { $lte: to }, state: 'settled', at: { $lt: before } }, page)
    .toArray();
  const run = toRun(next, to, before);
  const done = [...late, ...run].filter(({ state }) => state === 'settled');
  if (done.length === 0) return 0;
  const sum = (receipts: readonly ReceiptDocument[], of: 'accepted' | 'merged') =>
    receipts.reduce((total, receipt) => total + receipt[of], 0);
  const apart = done.filter((receipt) => receipt.uncounted === true);
  await instances.updateOne(
    { _id: instance },
    {
      $set: {
        folded: {
          to: run.at(-1)?.seq ?? to,
          accepted: accepted + sum(done, 'accepted'),
          merged: merged + sum(done, 'merged'),
          uncounted: uncounted + sum(apart, 'accepted') + sum(apart, 'merged'),
        },
      },
    },
    options,
  );
  await receipts.deleteMany({ _id: { $in: done.map(({ _id }) => _id) } }, options);
  return done.length;
}

/** Takes the receipts that follow `to` without a gap and are old enough. */
function toRun(receipts: readonly ReceiptDocument[], to: number, before: Date): readonly ReceiptDocument[] {
  const end = receipts.findIndex(({ seq, at }, index) => seq !== to + 1 + index || at >= before);
  return end === -1 ? receipts : receipts.slice(0, end);
}
