import type { VitalQuery, Vitals } from '@sluice/contracts/api';
import { type LatestDocument, toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { fromFieldKey } from './latest-fields.ts';

/** The newest vital signs of each device. */
export type VitalsReader = {
  /**
   * Lists devices with their newest values, `timestamp` in unix seconds.
   *
   * @throws DependencyAwayError
   */
  list(tenant: string, query: VitalQuery): Promise<Vitals>;
};

/** The type of the normalized events that carry vital signs. */
const VITALS_TYPE = 'vitals';

/** Where the documents of `latest` hold what can be sorted by. */
const SORT_PATHS = {
  timestamp: 'timestamp',
  deviceId: 'subject',
  heartRate: 'fields.heartRate.v',
  breathRate: 'fields.breathRate.v',
} as const satisfies Record<VitalQuery['sortBy'], string>;

/** Creates the reader of vital signs; `timeoutMs` is the connection's operation timeout by default. */
export function createVitals(
  connection: StoreConnection,
  { timeoutMs = connection.operationTimeoutMs } = {},
): VitalsReader {
  const collection = toCollection(connection, 'latest');

  async function list(tenant: string, { count, offset, sortBy, orderBy }: VitalQuery): Promise<Vitals> {
    const filter = { tenant, type: VITALS_TYPE };
    const direction = orderBy === 'asc' ? 1 : -1;
    const [total, found] = await within(timeoutMs, (signal) => {
      const options = { signal, maxTimeMS: timeoutMs };
      return Promise.all([
        collection.countDocuments(filter, options),
        collection
          .find(filter, {
            ...options,
            sort: { [SORT_PATHS[sortBy]]: direction, subject: direction, _id: direction },
            skip: offset,
            limit: count,
          })
          .toArray(),
      ]);
    });
    return { total, resources: found.map(toVital) };
  }

  return { list };
}

function toVital({ subject, timestamp, fields }: LatestDocument): Vitals['resources'][number] {
  const values = Object.entries(fields).map(([key, { v }]) => [fromFieldKey(key), v] as const);
  return { ...Object.fromEntries(values), deviceId: subject, timestamp: timestamp.getTime() / 1000 };
}
