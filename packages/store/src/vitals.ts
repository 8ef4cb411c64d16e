import type { VitalQuery, Vitals } from '@sluice/contracts/api';
import { toCollection } from './collections.ts';
import type { StoreConnection } from './connection.ts';
import { within } from './deadline.ts';
import { fromFieldKey, MAX_FIELDS, MAX_NAME_LENGTH } from './latest-fields.ts';

/** The newest vital signs of each device: what is a number. */
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

/** A key has at most three bytes for each character of the name. */
const MAX_KEY_BYTES = 3 * MAX_NAME_LENGTH;

/**
 * What is read of a device. Devices send texts and lists too, which the latest state keeps; and documents from before it had
 * bounds may be of any size.
 */
const PROJECTION = {
  _id: 0,
  subject: 1,
  timestamp: 1,
  signs: {
    $map: {
      input: {
        $slice: [
          {
            $filter: {
              input: { $objectToArray: { $ifNull: ['$fields', {}] } },
              cond: {
                $and: [{ $isNumber: '$$this.v.v' }, { $lte: [{ $strLenBytes: '$$this.k' }, MAX_KEY_BYTES] }],
              },
            },
          },
          MAX_FIELDS,
        ],
      },
      in: { key: '$$this.k', value: '$$this.v.v' },
    },
  },
} as const;

type VitalFound = {
  readonly subject: string;
  readonly timestamp: Date;
  readonly signs: readonly { readonly key: string; readonly value: number }[];
};

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
          .find<VitalFound>(filter, {
            ...options,
            projection: PROJECTION,
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

function toVital({ subject, timestamp, signs }: VitalFound): Vitals['resources'][number] {
  const values = signs.map(({ key, value }) => [fromFieldKey(key), value] as const);
  return { ...Object.fromEntries(values), deviceId: subject, timestamp: timestamp.getTime() / 1000 };
}
