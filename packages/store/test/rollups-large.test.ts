import { type OwnServer, startOwnMongo } from '@sluice/local/test-servers';
import { expect, it, onTestFinished } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { connectStore, type StoreConnection } from '../src/connection.ts';
import { migrate } from '../src/migrate.ts';
import { toBucketId } from '../src/rollup-buckets.ts';
import { toRollupChanges } from '../src/rollup-changes.ts';
import { createRollups } from '../src/rollups.ts';

const BUCKETS = 2000;
const PORTION = 200;
const DAY = 86_400;
const ORIGIN = { tenant: 'default', source: 'sensors' };

const toSeries = (count: number) =>
  Array.from({ length: count }, (_, n) => {
    const metric = `metric_of_a_sensor_${String(n).padStart(3, '0')}`;
    return { type: 'unmapped', metric, count: 1, sum: 1.5, rest: 0, min: 1.5, max: 1.5 };
  });

async function connect(): Promise<StoreConnection> {
  const server: OwnServer = await startOwnMongo();
  const uri = server.url.replace('/?', '/large?');
  const connection = connectStore({ uri, appName: 'large', operationTimeoutMs: 10_000 });
  onTestFinished(async () => {
    await connection.close();
    await server.stop();
  });
  await migrate(connection, 30_000);
  return connection;
}

/** Fills seconds of as many days with all metrics that a bucket can have, and writes changes that touch each once. */
async function fill(connection: StoreConnection): Promise<void> {
  const full = toSeries(500);
  const few = toSeries(32);
  for (let first = 0; first < BUCKETS; first += PORTION) {
    const seconds = Array.from({ length: PORTION }, (_, n) => (first + n) * DAY);
    await toCollection(connection, 'rollups').insertMany(
      seconds.map((start) => {
        const bucket = { ...ORIGIN, unit: 'second', start } as const;
        const values = { events: [{ type: 'unmapped', count: 16 }], series: full, leftOut: 0 };
        return { _id: toBucketId(bucket), ...ORIGIN, unit: 'second', at: new Date(start * 1000), ...values };
      }),
    );
    const events = [{ type: 'unmapped', count: 1 }];
    await toRollupChanges(connection).insertOne({
      _id: `rollup:${String(first).padStart(24, '0')}`,
      at: new Date(),
      values: seconds.map((second) => ({ ...ORIGIN, second, events, series: few, leftOut: 0 })),
      received: [{ ...ORIGIN, hour: 0, counts: { normalized: PORTION } }],
      settled: [{ ...ORIGIN, accepted: PORTION, counts: { normalized: PORTION } }],
    });
  }
}

it('folds changes of thousands of full buckets in portions that a small MongoDB can take', async () => {
  const connection = await connect();
  await fill(connection);
  const rollups = createRollups(connection);
  let folds = 0;
  while ((await rollups.fold()).hasMore) {
    folds += 1;
    // Most of them take something.
    expect(folds).toBeLessThan(40);
  }
  const found = await toCollection(connection, 'rollups')
    .aggregate([
      { $set: { events: { $first: '$events.count' }, values: { $sum: '$series.count' } } },
      {
        $group: {
          _id: '$unit',
          rollups: { $sum: 1 },
          events: { $sum: '$events' },
          values: { $sum: '$values' },
        },
      },
      { $sort: { _id: 1 } },
    ])
    .toArray();
  const added = { rollups: BUCKETS, events: BUCKETS, values: BUCKETS * 32 };
  expect(found).toEqual([
    { _id: 'day', ...added },
    { _id: 'hour', ...added },
    { _id: 'minute', ...added },
    { _id: 'second', rollups: BUCKETS, events: BUCKETS * 17, values: BUCKETS * 532 },
  ]);
  const [received] = await toCollection(connection, 'outcomes').find({ kind: 'received' }).toArray();
  expect(received?.counts.normalized).toBe(BUCKETS);
  expect(await toRollupChanges(connection).countDocuments()).toBe(0);
}, 180_000);
