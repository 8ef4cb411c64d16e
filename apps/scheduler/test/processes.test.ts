import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestApp, type TestApp } from '@sluice/local/test-app';
import { createTestNames } from '@sluice/local/test-names';
import { afterAll, beforeAll, expect, inject, it, onTestFinished, vi } from 'vitest';
import { type LegacyServer, startLegacyServer } from './legacy-server.ts';
import { expectQueued, openPlace, range, startScheduler, toSource } from './scheduler.ts';

const { prefix, mongoUrl } = createTestNames();
const at = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
const SOON = { timeout: 30_000, interval: 50 };
let place: Awaited<ReturnType<typeof openPlace>>;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-sources-'));
  place = await openPlace(at);
});
afterAll(async () => {
  await place.close();
  await rm(dir, { recursive: true, force: true });
});

async function startLegacy(count: number): Promise<LegacyServer> {
  const legacy = await startLegacyServer();
  legacy.add(...range(1, count).map((id) => ({ id, updatedAt: Date.UTC(2024, 0, 1) + id * 1000 })));
  return legacy;
}

/** Starts a real scheduler whose sources file declares this source. */
async function startProcess(source: object): Promise<TestApp> {
  const file = join(dir, `${randomUUID()}.yaml`);
  // Every JSON document is one of YAML.
  await writeFile(file, JSON.stringify({ sources: [source] }));
  return startTestApp('scheduler', {
    ...{ REDIS_URL: at.redisUrl, MONGODB_URI: mongoUrl, QUEUE_PREFIX: prefix },
    ...{ SCHEDULER_PORT: '0', SOURCES_FILE: file },
  });
}

function untilAskedFor(legacy: LegacyServer, page: number): Promise<void> {
  return vi.waitFor(() => expect(legacy.asked.at(-1)?.page).toBe(page), SOON);
}

it('killed in the middle of a run, it is followed by another once its lease runs out', async () => {
  const legacy = await startLegacy(180);
  const source = toSource('killed', legacy.url);
  const held = legacy.hold(3);
  const first = await startProcess(source);
  await untilAskedFor(legacy, 3);
  first.signal('SIGKILL');
  expect(await first.ended).toBe('SIGKILL');
  expect(await place.listQueued('killed')).toEqual(range(1, 100));
  expect((await place.readCheckpoint('killed')).state).toMatchObject({ point: null, run: { nextPage: 3 } });
  held.release();

  const { length } = legacy.asked;
  const second = await startScheduler(at, 'follower', [source]);
  onTestFinished(() => second.close());
  const polls = () => place.store.db.collection<{ _id: string }>('leases').findOne({ _id: 'poll-killed' });
  expect(await polls()).toMatchObject({ holder: expect.stringMatching(/^scheduler-/) });
  const startMs = performance.now();
  await vi.waitUntil(() => performance.now() - startMs > 2500, SOON);
  expect(legacy.asked).toHaveLength(length);

  const expiresAt = new Date();
  await place.store.db
    .collection<{ _id: string }>('leases')
    .updateOne({ _id: 'poll-killed' }, { $set: { expiresAt } });
  await expectQueued(place, 'killed', range(1, 180));
  expect(legacy.asked[length]).toMatchObject({ page: 3 });
  expect(legacy.countMostOpen()).toBe(1);
});

it('told to end in the middle of a run, it frees its lease, and the next one goes on where it was', async () => {
  const legacy = await startLegacy(120);
  const source = toSource('told', legacy.url);
  const held = legacy.hold(2);
  const first = await startProcess(source);
  await untilAskedFor(legacy, 2);
  const startMs = performance.now();
  first.signal('SIGTERM');
  expect(await first.ended).toMatch(/^code 0/);
  expect(performance.now() - startMs).toBeLessThan(5000);
  expect(await first.readLines('source.poll-failed')).toEqual([]);
  held.release();
  const { length } = legacy.asked;
  await startProcess(source);
  await expectQueued(place, 'told', range(1, 120));
  expect(legacy.asked[length]).toMatchObject({ page: 2 });
});

it('says which source has a schedule that cannot be read', async () => {
  const app = await startProcess({ ...toSource('erp', 'http://127.0.0.1:9'), schedule: 'every full hour' });
  expect(await app.ended).toMatch(/^code 1/);
  expect(await app.readOutput()).toMatch(
    /^scheduler: The sources file is wrong.*\n.*schedule: expected 6 fields; write six fields/,
  );
});
