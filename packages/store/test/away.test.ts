import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { findFreePort } from '@sluice/local/ports';
import { type OwnServer, startOwnMongo } from '@sluice/local/test-servers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectStore, type StoreConnection } from '../src/connection.ts';
import { createEventStore } from '../src/event-store.ts';
import { createInbox } from '../src/inbox.ts';
import { createLeases } from '../src/leases.ts';
import { migrate } from '../src/migrate.ts';
import { createRawEvents } from '../src/raw-events.ts';
import { newAccepted, newId, newNormalized, newPlan, newRaw } from './documents.ts';

let port: number;
let server: OwnServer | undefined;

beforeAll(async () => {
  port = await findFreePort();
});

afterAll(async () => {
  await server?.stop();
});

function connect(): StoreConnection {
  const uri = `mongodb://127.0.0.1:${port}/away?replicaSet=rs0`;
  return connectStore({ uri, appName: 'away', serverSelectionTimeoutMs: 500, operationTimeoutMs: 1_000 });
}

async function measure(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const start = performance.now();
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, ms: performance.now() - start };
}

function toOperations(connection: StoreConnection): Record<string, () => Promise<unknown>> {
  const store = createEventStore(connection, { lookUpTimeoutMs: 1_000, commitTimeoutMs: 1_500 });
  return {
    ping: () => connection.ping(),
    lookUp: () => store.lookUp({ ids: [newId()], hashes: [], batches: [] }),
    commit: () => store.commit(newPlan({ rawInserts: [newRaw()], normalized: [newNormalized()] })),
    inbox: () => createInbox(connection).insert({ instance: 'x', seq: 1, events: [newAccepted()] }),
    list: () => createRawEvents(connection).list('default', { limit: 10 }),
    lease: () => createLeases(connection).acquire('away', 'me', 1_000),
  };
}

async function expectAway(connection: StoreConnection): Promise<void> {
  const results = await Promise.all(
    Object.values(toOperations(connection)).map((operation) => measure(operation())),
  );
  for (const { error, ms } of results) {
    expect(error).toBeInstanceOf(DependencyAwayError);
    expect(ms).toBeLessThan(2_500);
  }
}

describe('a connection', () => {
  it('starts while MongoDB is away, and heals when it comes', { timeout: 120_000 }, async () => {
    const connection = connect();
    try {
      await expectAway(connection);
      server = await startOwnMongo({ port });
      await vi.waitFor(() => connection.ping(), { timeout: 20_000, interval: 100 });
      await migrate(connection);
      for (const operation of Object.values(toOperations(connection))) await operation();
    } finally {
      await connection.close();
    }
  });

  it('frees its callers when MongoDB is frozen, and heals when it thaws', { timeout: 120_000 }, async () => {
    const connection = connect();
    const store = createEventStore(connection, { commitTimeoutMs: 1_500 });
    try {
      await vi.waitFor(() => connection.ping(), { timeout: 20_000, interval: 100 });
      await server?.freeze();
      await expectAway(connection);
      const plan = newPlan({ rawInserts: [newRaw()] });
      expect((await measure(store.commit(plan))).error).toBeInstanceOf(DependencyAwayError);
      server?.thaw();
      await vi.waitFor(() => connection.ping(), { timeout: 20_000, interval: 100 });
      // What hung in the frozen server must not stand in the way of doing it again.
      await vi.waitFor(
        async () => {
          const [id = ''] = plan.rawInserts.map(({ _id }) => _id);
          const known = await store.lookUp({ ids: [id], hashes: [], batches: [] });
          if (!known.raw.has(id)) expect(await store.commit(plan)).toBe('committed');
        },
        { timeout: 20_000, interval: 100 },
      );
    } finally {
      server?.thaw();
      await connection.close();
    }
  });

  it('keeps no event when MongoDB dies between the two writes of the inbox, and says so', async () => {
    const connection = connect();
    const inbox = createInbox(connection);
    const count = (collection: string, filter: object) =>
      connection.db.collection(collection).countDocuments(filter);
    try {
      await vi.waitFor(() => connection.ping(), { timeout: 20_000, interval: 100 });
      // On a busy machine it can die before the first write, of the receipt: then it dies once more.
      for (let attempt = 1; ; attempt += 1) {
        const instance = `dies-${attempt}`;
        let killed: Promise<void> | undefined;
        // The first write is answered now.
        connection.client.once('connectionCheckedIn', () => {
          killed = server?.kill();
        });
        const { error } = await measure(
          inbox.insert({ instance, seq: 1, events: [newAccepted({ idempotencyKey: instance })] }),
        );
        expect(error).toBeInstanceOf(DependencyAwayError);
        await killed;
        await server?.restart();
        await vi.waitFor(() => connection.ping(), { timeout: 20_000, interval: 100 });
        expect(await count('inbox', { 'event.idempotencyKey': instance })).toBe(0);
        if ((await count('receipts', { instance })) === 1) break;
        expect(attempt).toBeLessThan(5);
      }
    } finally {
      await connection.close();
    }
  });

  it('closes within its time while MongoDB is frozen', { timeout: 120_000 }, async () => {
    const connection = connect();
    await vi.waitFor(() => connection.ping(), { timeout: 20_000, interval: 100 });
    await server?.freeze();
    try {
      expect((await measure(connection.close(1_000))).ms).toBeLessThan(3_000);
    } finally {
      server?.thaw();
    }
  });

  it('refuses a malformed address at once', () => {
    expect(() => connectStore({ uri: 'mongo://nowhere', appName: 'x' })).toThrow();
  });

  it.each([
    ['mongodb://127.0.0.1:1/', 'sluice'],
    ['mongodb://127.0.0.1:1,127.0.0.1:2/orders?replicaSet=rs0', 'orders'],
    ['mongodb://user:p%40ss@127.0.0.1:1/my%20db', 'my db'],
  ])('takes the database from the path of %s', async (uri, name) => {
    const connection = connectStore({ uri, appName: 'x', serverSelectionTimeoutMs: 50 });
    expect(connection.db.databaseName).toBe(name);
    await connection.close();
  });

  it.each(['journal=false', 'j=false', 'fsync=false', 'w=1', 'readPreference=secondaryPreferred'])(
    'writes journaled and reads from the primary whatever the address asks for (%s)',
    async (query) => {
      const uri = `mongodb://127.0.0.1:1/?${query}`;
      const connection = connectStore({ uri, appName: 'x', serverSelectionTimeoutMs: 50 });
      for (const from of [connection.client, connection.db, connection.db.collection('raw_events')]) {
        expect(from.writeConcern).toMatchObject({ w: 'majority', j: true });
        expect(from.readPreference?.mode).toBe('primary');
      }
      await connection.close();
    },
  );
});
