import type { ReplayMark } from '@sluice/contracts/event';
import type { ReplayProgress } from '@sluice/contracts/operations';
import type { StoredStatus } from '@sluice/contracts/status';
import type { Abortable, AggregateOptions } from 'mongodb';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';

type Counted = {
  readonly _id: { readonly state: ReplayMark['state']; readonly status: StoredStatus };
  readonly n: number;
};

/** Counts how far a replay has come, from the keys of one index; throws what the driver throws. */
export async function countProgress(
  connection: StoreConnection,
  operation: string,
  options: AggregateOptions & Abortable,
): Promise<ReplayProgress> {
  const found = await toCollection(connection, 'raw_events')
    .aggregate<Counted>(
      [
        { $match: { 'replay.operation': operation } },
        { $group: { _id: { state: '$replay.state', status: '$status' }, n: { $sum: 1 } } },
      ],
      options,
    )
    .toArray();
  const count = (state: ReplayMark['state'], ...statuses: readonly StoredStatus[]) =>
    found
      .filter(({ _id }) => _id.state === state && statuses.includes(_id.status))
      .reduce((sum, { n }) => sum + n, 0);
  const succeeded = count('taken', 'normalized');
  const duplicate = count('taken', 'duplicate');
  const failedAgain = count('taken', 'dead');
  const inFlight = count('taken', 'pending', 'failed');
  return {
    enqueued: succeeded + duplicate + failedAgain + inFlight,
    succeeded,
    duplicate,
    failedAgain,
    inFlight,
    remaining: count('planned', 'dead'),
  };
}
