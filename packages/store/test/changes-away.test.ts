import { findFreePort } from '@sluice/local/ports';
import { startOwnMongo } from '@sluice/local/test-servers';
import { expect, it, onTestFinished, vi } from 'vitest';
import { watchNormalized } from '../src/changes.ts';
import { connectStore } from '../src/connection.ts';
import { createEventStore } from '../src/event-store.ts';
import { migrate } from '../src/migrate.ts';
import { newNormalized, newPlan } from './documents.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };

it('tells no position of a record before it, when MongoDB dies in the first second of a stream', async () => {
  const port = await findFreePort();
  const server = await startOwnMongo({ port });
  onTestFinished(() => server.stop());
  const uri = `mongodb://127.0.0.1:${port}/changes?replicaSet=rs0`;
  const [watching, writing] = ['watching', 'writing'].map((appName) => {
    const connection = connectStore({
      uri,
      appName,
      serverSelectionTimeoutMs: 500,
      operationTimeoutMs: 1000,
    });
    onTestFinished(() => connection.close());
    return connection;
  }) as [ReturnType<typeof connectStore>, ReturnType<typeof connectStore>];
  await vi.waitFor(() => writing.ping(), PATIENCE);
  await migrate(writing);

  const told: { readonly kind: 'position' | 'record'; readonly token: string }[] = [];
  const errors: unknown[] = [];
  const watch = watchNormalized(watching, {
    onPosition: (token) => void told.push({ kind: 'position', token }),
    onRecord: ({ token }) => void told.push({ kind: 'record', token }),
    onError: (error) => void errors.push(error),
  });
  onTestFinished(() => watch.close());
  await watch.opened;
  await server.kill();
  // Then it waits for longer than MongoDB takes to come back.
  await vi.waitFor(() => expect(errors.length).toBeGreaterThanOrEqual(5), PATIENCE);
  await server.restart();
  const store = createEventStore(writing);
  await vi.waitFor(() => store.commit(newPlan({ normalized: [newNormalized()] })), PATIENCE);

  await vi.waitFor(() => expect(told.some(({ kind }) => kind === 'record')).toBe(true), PATIENCE);
  const at = told.findIndex(({ kind }) => kind === 'record');
  const { token } = told[at] as (typeof told)[number];
  expect(told.slice(0, at).filter((position) => position.token >= token)).toEqual([]);
});
