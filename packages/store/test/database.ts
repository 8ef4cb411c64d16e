import { createTestNames } from '@sluice/local/test-names';
import { afterAll, beforeAll } from 'vitest';
import { connectStore, type StoreConnection } from '../src/connection.ts';
import { migrate } from '../src/migrate.ts';

/** Connects a test file to a migrated database of its own, which is dropped at the end. */
export function useDatabase(mongoUrl = createTestNames().mongoUrl): StoreConnection {
  const connection = connectStore({ uri: mongoUrl, appName: 'store-test', operationTimeoutMs: 10_000 });
  beforeAll(() => migrate(connection, 30_000));
  afterAll(async () => {
    await connection.db.dropDatabase();
    await connection.close();
  });
  return connection;
}
