import { describe, expect, it } from 'vitest';
import { toCollection } from '../src/collections.ts';
import { assertMigrated, migrate } from '../src/migrate.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();

describe('migrate', () => {
  it('may run again, and several times at once', async () => {
    await Promise.all([migrate(connection), migrate(connection), migrate(connection)]);
    await assertMigrated(connection);
  });

  it('builds the indexes that went missing, and readiness names a unique one until then', async () => {
    await toCollection(connection, 'normalized_events').dropIndexes();
    await expect(assertMigrated(connection)).rejects.toThrow(
      'normalized_events {"tenant":1,"normalizedHash":1}',
    );
    await migrate(connection);
    await assertMigrated(connection);
  });

  it('drops the index by which an earlier release deleted the runs of polls after 30 days', async () => {
    const runs = connection.db.collection('poll_runs');
    await runs.createIndex({ startedAt: 1 }, { expireAfterSeconds: 30 * 86_400 });
    await Promise.all([migrate(connection), migrate(connection)]);
    expect((await runs.indexes()).map(({ name }) => name)).not.toContain('startedAt_1');
    await assertMigrated(connection);
  });

  it('creates everything in an empty database', async () => {
    await connection.db.dropDatabase();
    await expect(assertMigrated(connection)).rejects.toThrow('normalized_events');
    await Promise.all([migrate(connection), migrate(connection)]);
    await assertMigrated(connection);
    expect(await toCollection(connection, 'rejections').isCapped()).toBe(true);
  });

  it('keeps few indexes on what every event writes', async () => {
    const counts = await Promise.all(
      (['raw_events', 'normalized_events', 'latest'] as const).map(async (name) => {
        const indexes = await connection.db.collection(name).indexes();
        return indexes.filter(
          ({ name, partialFilterExpression: only }) => name !== '_id_' && !(only && !('subject' in only)),
        ).length;
      }),
    );
    expect(counts).toEqual([2, 4, 1]);
  });
});
