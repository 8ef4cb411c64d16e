import { toSyncRetryDelayMs } from '@sluice/contracts/queues';
import { createTestNames } from '@sluice/local/test-names';
import { startOwnRedis } from '@sluice/local/test-servers';
import { createSyncRetryProducer, type SyncRetryProducer } from '@sluice/queue/sync-retries';
import { createLogger } from '@sluice/runtime/logger';
import { createSyncFailures, type SyncFailures } from '@sluice/store/sync-failures';
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import { replicatorConfigSchema } from '../src/config.ts';
import { createRefusedDocuments } from '../src/refused-documents.ts';
import { openPair, type Pair, readTotals, toItems } from './pair.ts';

const { database: prefix } = createTestNames();
const silent = createLogger({ app: 'replicator', instance: 'test', level: 'silent' });
const PATIENCE = { timeout: 10_000, interval: 20 };

function open(): Pair {
  return openPair({ primary: inject('mongoUrl'), backup: inject('mongoUrl') }, prefix);
}

describe('a document that the backup refuses', () => {
  const refuseBad = { validator: { name: { $ne: 'bad' } } };

  test('4: is tried again after 1, 5, 15, 30 and 60 s', () => {
    expect([0, 1, 2, 3, 4].map(toSyncRetryDelayMs)).toEqual([1000, 5000, 15_000, 30_000, 60_000]);
    expect(replicatorConfigSchema.shape.SYNC_MAX_RETRIES.parse(undefined)).toBe(5);
  });

  test('4, 6: is noted and tried again after a second, while the others go on', async () => {
    const pair = open();
    await pair.backup.db.createCollection('items', refuseBad);
    const replicator = await pair.startActive();
    const items = toItems(pair.primary.db);
    await items.insertMany(
      Array.from({ length: 60 }, (_, index) => ({
        _id: index,
        name: [17, 41].includes(index) ? 'bad' : 'good',
      })),
    );
    await vi.waitFor(async () => expect(await toItems(pair.backup.db).countDocuments()).toBe(58), PATIENCE);
    const failures = createSyncFailures(pair.primary);
    await vi.waitFor(async () => expect(await failures.count()).toEqual({ retrying: 2, dead: 0 }), PATIENCE);
    expect(await readTotals(pair)).toMatchObject({ succeeded: 58 });
    await replicator.waitForLine('document.refused');
    const refused = replicator.lines.filter(({ msg }) => msg === 'document.refused');
    expect(refused[0]).toMatchObject({
      ...{ level: 'warn', collection: 'items', code: 'DocumentValidationFailure' },
    });
    expect(refused.map(({ documentId }) => documentId)).toEqual(
      expect.arrayContaining([expect.stringContaining('"17"'), expect.stringContaining('"41"')]),
    );
    await pair.backup.db.command({ collMod: 'items', validator: {} });
    await pair.untilEqual('items');
    await vi.waitFor(async () => expect(await failures.count()).toEqual({ retrying: 0, dead: 0 }), PATIENCE);
    const totals = await readTotals(pair);
    expect(totals?.succeeded).toBe(60);
    expect(totals?.failed).toBeGreaterThanOrEqual(2);
    const copied = replicator.lines.filter(({ msg }) => msg === 'bulk.copied');
    expect(copied[0]).toMatchObject({ level: 'debug', durationMs: expect.any(Number) });
    expect(JSON.stringify(copied)).toContain('items 59');
  });

  test('4, 11: is dead after the last retry, and lives again with its next change', async () => {
    const pair = open();
    await pair.backup.db.createCollection('items', refuseBad);
    const replicator = await pair.startActive({ SYNC_MAX_RETRIES: 1 });
    const items = toItems(pair.primary.db);
    await items.insertOne({ _id: 'a', name: 'bad' });
    expect(await replicator.waitForLine('document.dead')).toMatchObject({ level: 'error', attempts: 1 });
    const failures = createSyncFailures(pair.primary);
    expect(await failures.count()).toEqual({ retrying: 0, dead: 1 });
    await items.updateOne({ _id: 'a' }, { $set: { name: 'good' } });
    await pair.untilEqual('items');
    await vi.waitFor(async () => expect(await failures.count()).toEqual({ retrying: 0, dead: 0 }), PATIENCE);
    // Its job that is dead stands in the queue for a week: a new refusal is tried again all the same.
    await items.updateOne({ _id: 'a' }, { $set: { name: 'bad' } });
    await vi.waitFor(async () => expect(await failures.count()).toEqual({ retrying: 0, dead: 1 }), PATIENCE);
  });

  const refusal = {
    ...{ collection: 'items', id: 'a', key: 'sa', changes: 1, isNew: false, mayDelete: false },
    ...{ document: { _id: 'a' }, code: 'DocumentValidationFailure', message: 'No.' },
  };

  function createRefused(
    failures: SyncFailures,
    producer: Pick<SyncRetryProducer, 'addRetry'>,
    queues: string,
  ) {
    return createRefusedDocuments({
      ...{ failures, producer, redisUrl: inject('redisUrl'), prefix: queues, name: 'test' },
      ...{ maxRetries: 5, onDead: () => undefined, logger: silent },
    });
  }

  test('4: is noted when it is refused anew while what was noted before is being forgotten', async () => {
    const pair = open();
    const failures = createSyncFailures(pair.primary);
    const forgetting = Promise.withResolvers<void>();
    const mayForget = Promise.withResolvers<void>();
    const slow: SyncFailures = {
      ...failures,
      forget: async (ids) => {
        forgetting.resolve();
        await mayForget.promise;
        await failures.forget(ids);
      },
    };
    const refused = await createRefused(slow, { addRetry: async () => undefined }, prefix);
    await refused.note([refusal]);
    refused.noteCopied([refusal]);
    await forgetting.promise;
    const noting = refused.note([refusal]);
    mayForget.resolve();
    await noting;
    await refused.stop();
    expect(await failures.count()).toEqual({ retrying: 1, dead: 0 });
  });

  test('4: is noted when its retry is refused after the feed has copied an older state of it', async () => {
    const pair = open();
    const failures = createSyncFailures(pair.primary);
    const queues = pair.primary.db.databaseName;
    const producer = createSyncRetryProducer({
      ...{ redisUrl: inject('redisUrl'), prefix: queues, logger: silent },
    });
    const refused = await createRefused(failures, producer, queues);
    const retried = Promise.withResolvers<void>();
    refused.start(async () => {
      refused.noteCopied([refusal]);
      await refused.note([refusal]);
      retried.resolve();
      return { synced: 0, refused: 1 };
    });
    await refused.note([refusal]);
    await retried.promise;
    await refused.stop();
    await producer.close();
    expect(await failures.count()).toEqual({ retrying: 1, dead: 0 });
  });

  test('4: are noted, and keep nobody waiting but once, while Redis does not answer', async () => {
    const redis = await startOwnRedis();
    onTestFinished(() => redis.stop());
    const pair = open();
    const failures = createSyncFailures(pair.primary);
    const producer = createSyncRetryProducer({ redisUrl: redis.url, prefix, logger: silent });
    onTestFinished(() => producer.close());
    const addRetry = vi.fn(producer.addRetry);
    const refused = await createRefused(failures, { addRetry }, prefix);
    await redis.freeze();
    await refused.note(['a', 'b', 'c'].map((id) => ({ ...refusal, id, key: `s${id}` })));
    expect(addRetry).toHaveBeenCalledTimes(1);
    expect(await failures.count()).toEqual({ retrying: 3, dead: 0 });
    redis.thaw();
    await refused.stop();
  });
});
