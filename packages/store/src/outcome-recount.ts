/*
 * Hours of arrival that cannot be right: fewer than no events are pending in them. Earlier releases did not write down that
 * a replay made a dead event pending, so that such an hour has too few pending events and too many dead ones for ever.
 *
 * They are counted anew, each in one transaction: the events of the hour by status, without what the changes of the same
 * snapshot are still to add (rollups.ts). Who adds to the hour meanwhile and who counts it meet in a write conflict.
 */
import { STORED_STATUSES } from '@sluice/contracts/status';
import { type OutcomeDocument, type StatusCounts, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { doEachApart } from './each-apart.ts';
import { toChangeFilter, toRollupChanges } from './rollup-changes.ts';
import { UNIT_SECONDS } from './rollup-units.ts';
import { type InTransaction, transact } from './transaction.ts';

/** Hours that one call counts. */
const PORTION = 100;

const HOUR_MS = UNIT_SECONDS.hour * 1000;

type Hour = Pick<OutcomeDocument, '_id' | 'tenant' | 'source' | 'at'>;

/**
 * Counts hours anew whose numbers cannot be right, up to 100 of them. One that somebody else changes meanwhile is left to the
 * next call.
 *
 * @param options.timeoutMs for each hour; 10 s by default
 * @throws DependencyAwayError, after the others, when an hour could not be counted in time
 */
export async function recountOutcomes(
  connection: StoreConnection,
  { timeoutMs = 10_000 } = {},
): Promise<void> {
  const hours = await within(timeoutMs, (signal) =>
    toCollection(connection, 'outcomes')
      .find<Hour>(
        { 'counts.pending': { $lt: 0 }, kind: 'received' },
        {
          ...{ signal, maxTimeMS: timeoutMs, limit: PORTION },
          projection: { tenant: 1, source: 1, at: 1 },
        },
      )
      .toArray(),
  );
  const work = async (hour: Hour) => {
    await transact(connection, timeoutMs, async (options) => {
      const counts = await countHour(connection, hour, options);
      const { _id } = hour;
      await toCollection(connection, 'outcomes').updateOne({ _id }, { $set: { counts } }, options);
      return 'committed';
    });
  };
  await doEachApart(hours, work, () => connection.ping());
}

/** Counts the events of an hour by status, without what is still to be added to it. */
async function countHour(
  connection: StoreConnection,
  { tenant, source, at }: Hour,
  options: InTransaction,
): Promise<StatusCounts> {
  const hour = at.getTime() / 1000;
  const changes = await toRollupChanges(connection)
    .find(
      { ...toChangeFilter(), received: { $elemMatch: { tenant, source, hour } } },
      { ...options, projection: { received: 1 } },
    )
    .toArray();
  const toCome = changes
    .flatMap(({ received }) => received)
    .filter((entry) => entry.tenant === tenant && entry.source === source && entry.hour === hour);
  const counts: StatusCounts = {};
  for (const status of STORED_STATUSES) {
    const receivedAt = { $gte: at, $lt: new Date(at.getTime() + HOUR_MS) };
    const count = await toCollection(connection, 'raw_events').countDocuments(
      { tenant, source, status, receivedAt },
      options,
    );
    counts[status] = toCome.reduce((left, entry) => left - (entry.counts[status] ?? 0), count);
  }
  return counts;
}
