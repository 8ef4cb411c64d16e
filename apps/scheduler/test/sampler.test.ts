import { createTestNames } from '@sluice/local/test-names';
import { createRedis } from '@sluice/queue/connection';
import { createEventsInspector } from '@sluice/queue/events-inspector';
import { createProcessRegister } from '@sluice/queue/process-register';
import { createLogger } from '@sluice/runtime/logger';
import { createAppVersions } from '@sluice/store/app-versions';
import { createBackupGaps } from '@sluice/store/backup-gaps';
import { toCollection } from '@sluice/store/collections';
import { connectStore } from '@sluice/store/connection';
import { createSamples } from '@sluice/store/samples';
import { createSyncStates } from '@sluice/store/sync-state';
import { afterAll, beforeAll, beforeEach, expect, inject, it, onTestFinished, vi } from 'vitest';
import { type SamplerOptions, startSampler } from '../src/samples/sampler.ts';
import { openPlace } from './scheduler.ts';

const { prefix, mongoUrl } = createTestNames();
const at = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
const logger = createLogger({ app: 'scheduler', instance: prefix, level: 'silent' });
const SOON = { timeout: 20_000, interval: 20 };
const SLOT_MS = 100;
const redis = createRedis({ url: at.redisUrl, role: 'producer', logger });
const register = createProcessRegister({ redis, prefix });
let place: Awaited<ReturnType<typeof openPlace>>;

beforeAll(async () => {
  place = await openPlace(at);
});
afterAll(() => Promise.all([place.close(), redis.close()]));
// Not after each: the sampler of a test ends only after what `afterEach` does.
beforeEach(() => toCollection(place.store, 'samples').deleteMany({}));

function sample(changed: Partial<SamplerOptions> = {}) {
  const { store, inspector } = place;
  const sampler = startSampler({
    ...{ samples: createSamples(store), inspector, logger, now: Date.now, slotMs: SLOT_MS },
    ...{ versions: createAppVersions(store), register },
    ...{ states: createSyncStates(store), gaps: createBackupGaps(store) },
    ...changed,
  });
  onTestFinished(sampler.stop);
  return sampler;
}

const list = () =>
  toCollection(place.store, 'samples')
    .find({ _id: /^slot:/ }, { sort: { _id: 1 } })
    .toArray();

it('makes one sample a slot, however many schedulers there are', async () => {
  const inserted: boolean[] = [];
  const samples = createSamples(place.store);
  const noting = {
    async insert(one: Parameters<typeof samples.insert>[0]) {
      const isFirst = await samples.insert(one);
      inserted.push(isFirst);
      return isFirst;
    },
  };
  const samplers = [sample({ samples: noting }), sample({ samples: noting })];
  await vi.waitFor(() => expect(inserted.length).toBeGreaterThanOrEqual(12), SOON);
  await Promise.all(samplers.map(({ stop }) => stop()));
  const found = await list();
  expect(found).toHaveLength(inserted.filter(Boolean).length);
  expect(inserted).toContain(false);
  for (const { at: slot, queue, hasBackup, replicationLagMs, expiresAt } of found) {
    expect(slot.getTime() % SLOT_MS).toBe(0);
    expect(queue).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0, parked: 0, oldestWaitingMs: null });
    expect([hasBackup, replicationLagMs]).toEqual([false, null]);
    expect(expiresAt.getTime() - slot.getTime()).toBe(31 * 86_400_000);
  }
});

it('tells the lag while it is known, and else that it is not', async () => {
  const states = createSyncStates(place.store);
  const told = { since: new Date(), reason: null, holder: 'replicator-1', backupSeenAt: null };
  await toCollection(place.store, 'resume_tokens').deleteMany({});
  await states.write({ ...told, state: 'active', lagSeconds: 1.5 }, true);
  sample({ gaps: { find: async () => null } });
  const untilNewest = (lag: number | null) =>
    vi.waitFor(
      async () => expect((await list()).at(-1)).toMatchObject({ hasBackup: true, replicationLagMs: lag }),
      SOON,
    );
  await untilNewest(1500);
  await states.write({ ...told, state: 'away', reason: 'no answer' }, true);
  await untilNewest(null);
  await toCollection(place.store, 'resume_tokens').deleteMany({});
});

it('notes since when each version of an app has run, but for processes that ended', async () => {
  const beat = (instance: string, version: string, minute: number, state: 'running' | 'ended' = 'running') =>
    register.beat({
      ...{ instance, app: 'worker', host: 'here', pid: 1, version, state },
      startedAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(),
      ...{ since: null, reason: null, serves: [], schemaVersions: null, lastMinute: {} },
    });
  await Promise.all([beat('a', '1.2.0', 9), beat('b', '1.2.0', 5), beat('c', '1.1.0', 0, 'ended')]);
  sample();
  const noted = toCollection(place.store, 'app_versions');
  await vi.waitFor(async () => expect(await noted.countDocuments()).toBe(1), SOON);
  await beat('d', '1.3.0', 20);
  await vi.waitFor(async () => expect(await noted.countDocuments()).toBe(2), SOON);
  const time = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T01:00:00Z' };
  const { marks } = await createSamples(place.store).read('default', time, Date.now());
  const deploy = { kind: 'deploy', revision: null, apps: ['worker'] };
  expect(marks).toEqual([
    { ...deploy, at: '2026-01-01T00:20:00.000Z', subject: '1.3.0' },
    { ...deploy, at: '2026-01-01T00:05:00.000Z', subject: '1.2.0' },
  ]);
});

it('says that nobody knows while Redis is away, and goes on', async () => {
  const away = createEventsInspector({ ...at, redisUrl: 'redis://127.0.0.1:9', deadlineMs: 50, logger });
  onTestFinished(() => away.close());
  sample({ inspector: away });
  await vi.waitFor(async () => {
    const found = await list();
    expect(found.length).toBeGreaterThan(1);
    expect(found.map(({ queue }) => queue)).toEqual(found.map(() => null));
  }, SOON);
});

it('leaves a gap while MongoDB is away, and goes on', async () => {
  const uri = 'mongodb://127.0.0.1:9/x?replicaSet=rs0';
  const away = createSamples(connectAway(uri), { timeoutMs: 50 });
  const here = createSamples(place.store);
  const lost: number[] = [];
  // Slots of its own: a timer can fire a little early, and then the same slot would come again.
  let nowMs = Math.floor(Date.now() / SLOT_MS) * SLOT_MS;
  sample({
    now: () => {
      nowMs += SLOT_MS;
      return nowMs;
    },
    samples: {
      insert: async (one) => {
        if (lost.length >= 2) return here.insert(one);
        return away.insert(one).finally(() => lost.push(one.at.getTime()));
      },
    },
  });
  await vi.waitFor(async () => expect((await list()).length).toBeGreaterThan(1), SOON);
  const noted = (await list()).map(({ at: slot }) => slot.getTime());
  expect([lost.length, new Set(lost).size]).toEqual([2, 2]);
  expect(Math.min(...noted)).toBeGreaterThan(Math.max(...lost));
});

function connectAway(uri: string) {
  const connection = connectStore({ uri, appName: prefix, operationTimeoutMs: 50 });
  onTestFinished(() => connection.close());
  return connection;
}
