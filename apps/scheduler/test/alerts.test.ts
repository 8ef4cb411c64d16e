import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { storedSourceSchema } from '@sluice/contracts/source';
import { findFreePort } from '@sluice/local/ports';
import { startTestApp, type TestApp } from '@sluice/local/test-app';
import { createTestNames } from '@sluice/local/test-names';
import { createEventsProducer } from '@sluice/queue/events-producer';
import { createLogger } from '@sluice/runtime/logger';
import { createMetrics } from '@sluice/runtime/metrics';
import { createAlertStore } from '@sluice/store/alerts';
import { toCollection } from '@sluice/store/collections';
import { createInstances } from '@sluice/store/instances';
import { createLeases } from '@sluice/store/leases';
import { createPollRuns } from '@sluice/store/poll-runs';
import { createSourceStore } from '@sluice/store/sources-store';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import type { AlertCheck, Finding } from '../src/alerts/alert-check.ts';
import { createAlertMetrics } from '../src/alerts/alert-metrics.ts';
import { createAlertSender } from '../src/alerts/alert-sender.ts';
import { startAlerts } from '../src/alerts/alerts-runner.ts';
import { createAlertChecks } from '../src/alerts/checks/checks.ts';
import { createNoticeDelivery } from '../src/alerts/deliver-notices.ts';
import { type AlertReceiver, SECRET, startAlertReceiver, TOKEN } from './alert-receiver.ts';
import { openPlace, toSource } from './scheduler.ts';

const { prefix, mongoUrl } = createTestNames();
const at = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
const SOON = { timeout: 30_000, interval: 25 };
const EMPTIED = ['alerts', 'leases', 'raw_events', 'inbox', 'instances', 'sources', 'poll_runs'] as const;
let place: Awaited<ReturnType<typeof openPlace>>;

beforeAll(async () => {
  place = await openPlace(at);
});
afterAll(() => place.close());
afterEach(async () => {
  for (const name of EMPTIED) {
    await toCollection(place.store, name).deleteMany({});
  }
});

/** Stores dead letters, with no more of them than alerts look at. */
async function addDead(code: string, count: number): Promise<void> {
  const now = new Date();
  const documents = Array.from({ length: count }, (_, index) => ({
    ...{ _id: `evt_${code}_${index}`, tenant: 'default', source: 'shop', status: 'dead', code },
    ...{ fingerprint: `1-${code}`, receivedAt: now, updatedAt: now },
  }));
  await place.store.db.collection<{ _id: string }>('raw_events').insertMany(documents);
}

/** Starts a real scheduler that looks every 100 ms. */
function startProcess(url: string, port = 0): TestApp {
  return startTestApp('scheduler', {
    ...{ REDIS_URL: at.redisUrl, MONGODB_URI: mongoUrl, QUEUE_PREFIX: prefix, SCHEDULER_PORT: `${port}` },
    ...{ ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: SECRET, ALERT_INTERVAL_MS: '100' },
    ...{ PUBLIC_URL: 'https://sluice.example.com/', LOG_LEVEL: 'debug' },
  });
}

/** Lists the metrics that docs/metrics.md tells of a scheduler. */
async function listDocumented(): Promise<readonly string[]> {
  const text = await readFile(join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');
  const rows = text.matchAll(/^\| `(\w+)` .* \| (?:scheduler|every) \|/gm);
  return [...rows].map(([, name = '']) => name).sort();
}

async function untilTold({ deliveries }: AlertReceiver, count: number) {
  await vi.waitFor(() => expect(deliveries.length).toBeGreaterThanOrEqual(count), SOON);
  return deliveries.map(({ message }) => [message.type, message.data.subject, message.data.value]);
}

it('tells of dead letters once, signed, also when the scheduler is killed, and when they are gone', async () => {
  const receiver = await startAlertReceiver();
  await addDead('ERR_FIELD_REQUIRED', 3);
  const first = startProcess(receiver.url);
  expect(await untilTold(receiver, 1)).toEqual([['alert.firing', 'ERR_FIELD_REQUIRED', 3]]);
  const [told] = receiver.deliveries;
  expect(told?.message.data).toMatchObject({
    ...{ kind: 'dead-letters', state: 'firing', unit: 'events', notice: 1, resolvedAt: null },
    text: expect.stringMatching(/^3 events died with ERR_FIELD_REQUIRED: find the cause .*\.$/),
    ...{ dashboard: '/dead-letters', link: 'https://sluice.example.com/dead-letters' },
  });
  expect(told?.id).toBe(`${told?.message.data.id}-1`);
  const { body = '', headers = {} } = told ?? {};
  expect(() => new Webhook(SECRET).verify(body.replace('3 events', '2 events'), headers)).toThrow();

  await vi.waitFor(
    async () => expect((await createAlertStore(place.store).list()).firing).toMatchObject([{ unsent: 0 }]),
    SOON,
  );
  first.signal('SIGKILL');
  expect(await first.ended).toBe('SIGKILL');
  await addDead('ERR_STALLED', 1);
  await place.store.db
    .collection<{ _id: string }>('leases')
    .updateOne({ _id: 'alerts' }, { $set: { expiresAt: new Date() } });
  const port = await findFreePort();
  const second = startProcess(receiver.url, port);
  expect((await untilTold(receiver, 2)).slice(1)).toEqual([['alert.firing', 'ERR_STALLED', 1]]);
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(metrics).toMatch(/^sluice_alerts_firing\{kind="dead-letters".*\} 2$/m);
  for (const name of ['events_waiting', 'oldest_waiting_seconds', 'inbox_rows', 'queue_jobs']) {
    expect(metrics).toMatch(new RegExp(`^sluice_${name}\\{.*\\} 0$`, 'm'));
  }
  const served = [...metrics.matchAll(/^# TYPE (sluice_\w+)/gm)].map(([, name = '']) => name);
  expect(served.sort()).toEqual(await listDocumented());

  await toCollection(place.store, 'raw_events').updateMany(
    { code: 'ERR_FIELD_REQUIRED' },
    { $set: { discarded: { at: new Date(), by: 'ada', reason: 'a test' } } },
  );
  expect((await untilTold(receiver, 3)).slice(2)).toEqual([['alert.resolved', 'ERR_FIELD_REQUIRED', 3]]);
  expect(receiver.deliveries[2]?.message.data).toMatchObject({
    ...{ id: told?.message.data.id, state: 'resolved', notice: 2, since: told?.message.data.since },
    text: 'No dead letters with ERR_FIELD_REQUIRED are left.',
  });
  expect((await createAlertStore(place.store).list()).resolved).toMatchObject([
    { subject: 'ERR_FIELD_REQUIRED', notices: 2 },
  ]);

  second.signal('SIGTERM');
  expect(await second.ended).toMatch(/^code 0/);
  expect(receiver.deliveries).toHaveLength(3);
  for (const app of [first, second]) {
    expect(await app.readLines('alert.delivered')).not.toEqual([]);
    expect(await app.readOutput()).not.toContain(TOKEN);
    expect(await app.readOutput()).not.toContain(SECRET.slice(6, 20));
  }
});

describe('a receiver', () => {
  /** Looks every 100 ms at what the test says is wrong. */
  function startRunner(url: string) {
    let findings: readonly Finding[] = [
      { subject: 'queue', value: 90, unit: 'seconds', text: 'It waits.', dashboard: '/overview' },
    ];
    const check: AlertCheck = { kind: 'lag', look: async () => findings, sayResolved: () => 'It is over.' };
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const logger = createLogger({ app: 'scheduler', instance: 'alerts', level: 'debug', destination });
    const metrics = createMetrics({ app: 'scheduler', instance: 'alerts' });
    const { delivered, showFiring } = createAlertMetrics(metrics);
    const store = createAlertStore(place.store);
    const send = createAlertSender({ url, secret: SECRET, now: Date.now, timeoutMs: 1000 });
    const parts = { store, logger, now: Date.now };
    const runner = startAlerts({
      ...{ ...parts, checks: [check], metrics: { showFiring }, holder: 'one', intervalMs: 100 },
      delivery: createNoticeDelivery({ ...parts, send, onOutcome: delivered, pauseMs: 100 }),
      leases: createLeases(place.store),
      policy: { isSent: true, repeatMs: 3_600_000, publicUrl: null },
    });
    onTestFinished(() => runner.stop());
    return {
      lines,
      resolve: () => {
        findings = [];
      },
      /** Waits for a line with this message and returns it. */
      logged: (message: string) =>
        vi.waitFor(() => {
          const line = lines.find((it) => it.includes(`"msg":"${message}"`));
          if (line === undefined) throw new Error(`Nothing was logged as ${message}.`);
          return JSON.parse(line) as Record<string, unknown>;
        }, SOON),
      readMetrics: () => metrics.read(),
    };
  }

  it('that fails gets the same notice again, to the byte and under the same id, and the next one after it', async () => {
    const receiver = await startAlertReceiver();
    receiver.answer(503);
    const { resolve, readMetrics } = startRunner(receiver.url);
    await untilTold(receiver, 2);
    resolve();
    await vi.waitFor(
      async () =>
        expect((await createAlertStore(place.store).list()).resolved).toMatchObject([{ unsent: 2 }]),
      SOON,
    );
    receiver.answer(200);
    await vi.waitFor(() => expect(receiver.deliveries.at(-1)?.message.type).toBe('alert.resolved'), SOON);
    const sent = receiver.deliveries.slice(0, -1);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
    await vi.waitFor(async () => {
      const metrics = await readMetrics();
      expect(metrics).toMatch(/^sluice_alert_deliveries_total\{outcome="delivered".*\} 2$/m);
      expect(metrics).toMatch(/^sluice_alert_notices_waiting\{.*\} 0$/m);
      expect(metrics).toMatch(/^sluice_alerts_firing\{kind="lag".*\} 0$/m);
    }, SOON);
  });

  it('that is not there is named by no more than what was wrong', async () => {
    const { logged, lines } = startRunner(`http://127.0.0.1:${await findFreePort()}/${TOKEN}`);
    expect(await logged('alert.not-delivered')).toMatchObject({
      ...{ level: 'warn', attempts: 1, againInMs: 100 },
      reason: 'The receiver was not reached (ECONNREFUSED).',
    });
    expect(lines.join()).not.toContain(TOKEN);
  });

  it.each([
    [302, 'redirects are not followed'],
    [410, 'it wants no more alerts'],
    [401, 'check ALERT_WEBHOOK_URL'],
  ])('that answers %i is left alone, and the log says what to do', async (status, mend) => {
    const receiver = await startAlertReceiver();
    receiver.answer(status, new URL('/elsewhere', receiver.url).href);
    const { logged, lines } = startRunner(receiver.url);
    const line = await logged('alert.not-delivered');
    expect(line).toMatchObject({ level: 'error', againInMs: 300_000, kind: 'lag' });
    expect(line['reason']).toContain(mend);
    expect(receiver.paths).toEqual([`/${TOKEN}?key=${TOKEN}`]);
    expect(lines.join()).not.toContain(TOKEN);
  });
});

describe('the checks', () => {
  it('find what waits too long, what is lost, and what fails, and nothing else', async () => {
    const { store, inspector } = place;
    const logger = createLogger({ app: 'scheduler', instance: 'alerts', level: 'silent' });
    const source = toSource('erp', 'http://127.0.0.1:9/');
    const sources = createSourceStore(store);
    for (const it of [source, toSource('idle', 'http://127.0.0.1:9/')]) {
      await sources.create(storedSourceSchema.parse(it));
    }
    const checks = createAlertChecks({ store, inspector, lagMs: 0, now: Date.now });
    async function look() {
      const found = await Promise.all(checks.map(async (check) => [check.kind, await check.look()] as const));
      return Object.fromEntries(found.map(([kind, findings]) => [kind, findings]));
    }
    const nothing = { 'dead-letters': [], unaccounted: [], inbox: [], lag: [], poll: [], backup: [] };
    expect(await look()).toEqual(nothing);

    const queue = createEventsProducer({ redisUrl: at.redisUrl, prefix, logger });
    onTestFinished(() => queue.close());
    await vi.waitFor(() => queue.ping(), SOON);
    await queue.addBatch('b-here-1', { envelope: 1, instance: 'here', seq: 1, events: [] });
    const [now, old] = [new Date(), new Date(Date.now() - 120_000)];
    await createInstances(store).beat({
      ...{ _id: 'gone', app: 'ingest', seq: 2, events: 5, merged: 0, startedAt: now, seenAt: now },
    });
    const rows = [
      { _id: 'old', at: old },
      { _id: 'retried', at: old, enqueuedAt: now },
      { _id: 'new', at: now },
    ];
    await store.db.collection<{ _id: string }>('inbox').insertMany(rows);
    // It was declared two minutes ago, and nobody has polled it.
    await toCollection(store, 'sources').updateOne({ _id: 'idle' }, { $set: { updatedAt: old } });
    const runs = createPollRuns(store);
    for (let slot = 1; slot <= 5; slot += 1) {
      const start = { source: 'erp', slot, scheduler: 'one', startedAt: old, cursorBefore: null };
      const did = { pages: 0, records: 0, accepted: 0, duplicates: 0, problems: { count: 0, first: [] } };
      await runs.note(start, { ...did, outcome: 'failed', endedAt: now, cursorAfter: null, error: 'Away.' });
    }
    await addDead('ERR_STALLED', 1);
    expect(await look()).toMatchObject({
      'dead-letters': [{ subject: 'ERR_STALLED', value: 1, text: expect.stringContaining('1 event died') }],
      unaccounted: [{ value: 5, unit: 'events', text: expect.stringContaining('5 accepted events') }],
      inbox: [{ value: 1, unit: 'events' }],
      lag: [{ unit: 'seconds', text: expect.stringContaining('see that workers run') }],
      poll: [
        { subject: 'erp', unit: 'seconds', dashboard: '/sources/erp' },
        { subject: 'idle', text: expect.stringContaining('should have been polled') },
      ],
    });
  });
});
