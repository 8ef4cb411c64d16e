import { Agent } from 'node:http';
import { findFreePort } from '@sluice/local/ports';
import { startTestApp } from '@sluice/local/test-app';
import { createTestNames } from '@sluice/local/test-names';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createLogger } from '@sluice/runtime/logger';
import { connectStore } from '@sluice/store/connection';
import { afterAll, expect, inject, it, onTestFinished } from 'vitest';
import { json, send } from './send.ts';

const { prefix, mongoUrl } = createTestNames();
const store = connectStore({ uri: mongoUrl, appName: prefix });

afterAll(async () => {
  await store.db.dropDatabase();
  await store.close();
});

it('keeps every event that it answered with 202, and ends, when it is told to under load', async () => {
  const port = await findFreePort();
  const app = startTestApp('ingest', {
    REDIS_URL: inject('redisUrl'),
    MONGODB_URI: mongoUrl,
    QUEUE_PREFIX: prefix,
    INGEST_PORT: String(port),
    INGEST_METRICS_PORT: '0',
    AUTH: 'off',
  });
  await app.waitForLine('process.started');
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  onTestFinished(() => agent.destroy());
  const accepted = new Set<string>();
  const others: number[] = [];
  let sent = 0;

  async function sendUntilRefused(): Promise<void> {
    for (;;) {
      sent += 1;
      const body = json({ source: 'load', payload: sent });
      const answer = await send(port, { body, agent }).catch(() => undefined);
      if (answer === undefined) return;
      if (answer.status === 202) accepted.add(String(answer.json['id']));
      else others.push(answer.status);
      if (accepted.size === 500) app.signal('SIGTERM');
    }
  }

  const startMs = performance.now();
  await Promise.all(Array.from({ length: 16 }, sendUntilRefused));
  expect(await app.ended).toMatch(/^code 0/);
  expect(performance.now() - startMs).toBeLessThan(15_000);
  expect(others).toEqual([]);
  expect(accepted.size).toBeGreaterThanOrEqual(500);
  const [queued, inbox] = await Promise.all([listQueuedIds(), listInboxIds()]);
  // A slow moment of Redis sends a batch to the inbox, where it is kept just as well.
  expect(new Set([...queued, ...inbox])).toEqual(accepted);
  // The last heartbeat tells the ledger of every batch that went to the queue.
  expect(await store.db.collection('instances').findOne({ app: 'ingest' })).toMatchObject({
    events: queued.size,
  });
});

async function listQueuedIds(): Promise<ReadonlySet<string>> {
  const logger = createLogger({ app: 'ingest', instance: prefix, level: 'silent' });
  const inspector = createEventsInspector({ redisUrl: inject('redisUrl'), prefix, logger });
  onTestFinished(() => inspector.close());
  await expect
    .poll(() =>
      inspector.ping().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  const ids = new Set<string>();
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await inspector.listEvents({
      state: 'waiting',
      limit: 500,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { event } of page.items) ids.add(event.eventId);
    cursor = page.nextCursor;
  }
  return ids;
}

async function listInboxIds(): Promise<readonly string[]> {
  return store.db.collection('inbox').distinct('event.eventId');
}
