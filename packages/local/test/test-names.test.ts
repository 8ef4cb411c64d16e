import { MongoClient } from 'mongodb';
import { expect, inject, it } from 'vitest';
import { createTestNames, mongoUrlFor } from '../src/test-names.ts';

const names = createTestNames();
const others = createTestNames();

it('names a prefix and a database that nobody else has', () => {
  expect(names.prefix).not.toBe(others.prefix);
  expect(names.database).not.toBe(others.database);
  expect(names.mongoUrl).toBe(mongoUrlFor(names.database));
});

it('gives the address of a database on the replica set of the run', async () => {
  expect(new URL(inject('redisUrl')).protocol).toBe('redis:');
  const client = new MongoClient(mongoUrlFor('shop'));
  try {
    expect(client.db().databaseName).toBe('shop');
    expect(await client.db().command({ hello: 1 })).toMatchObject({
      isWritablePrimary: true,
      setName: 'rs0',
    });
  } finally {
    await client.close();
  }
});
