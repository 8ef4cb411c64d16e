import { type AlertDocument, alertListSchema } from '@sluice/contracts/alerts';
import { createAlertStore } from '@sluice/store/alerts';
import { expect, it } from 'vitest';
import { startGuardedApi } from './access-fixtures.ts';
import { useStores } from './fixtures.ts';

const stores = useStores();

function toAlert(n: number, fields: Partial<AlertDocument> = {}): AlertDocument {
  const since = new Date(Date.UTC(2026, 0, 2, 3, n));
  return {
    ...{ _id: `alr_${n}`, kind: 'dead-letters', subject: `ERR_${n}`, state: 'firing', since },
    ...{ resolvedAt: null, value: n, unit: 'events', text: 'They died.', dashboard: '/dead-letters' },
    ...{ clearLooks: 0, notices: 1, noticedAt: since, noticedValue: n, open: true, revision: 0 },
    outbox: [{ id: `alr_${n}-1`, at: since, body: '{"token":"hidden"}', attempts: 3 }],
    ...fields,
  };
}

it('tells what is firing and what is over, the newest first, to viewers of the default tenant', async () => {
  const { call, addKey } = await startGuardedApi(stores);
  const alerts = createAlertStore(stores.store);
  for (const n of [1, 2]) expect(await alerts.insert(toAlert(n))).toBe(true);
  expect(await alerts.insert(toAlert(3, { subject: 'ERR_1' }))).toBe(false);
  for (let n = 10; n < 65; n += 1) {
    const resolvedAt = new Date(Date.UTC(2026, 0, 2, 4, n));
    await alerts.insert(toAlert(n, { state: 'resolved', resolvedAt, outbox: [] }));
  }
  const { status, body } = await call('GET', '/api/alerts', await addKey('viewer'));
  expect(status).toBe(200);
  expect(alertListSchema.parse(body)).toEqual(body);
  expect(body.firing).toMatchObject([
    { id: 'alr_2', subject: 'ERR_2', since: '2026-01-02T03:02:00.000Z', resolvedAt: null, unsent: 1 },
    { id: 'alr_1', value: 1, notices: 1 },
  ]);
  expect(body.resolved).toHaveLength(50);
  expect(body.resolved[0]).toMatchObject({ id: 'alr_64', resolvedAt: '2026-01-02T05:04:00.000Z', unsent: 0 });
  expect(JSON.stringify(body)).not.toContain('hidden');

  const theirs = await call('GET', '/api/alerts', await addKey('admin', { tenant: 'theirs' }));
  expect(theirs.body).toMatchObject({ status: 403, code: 'ERR_FORBIDDEN' });
  expect((await call('GET', '/api/alerts?limit=1', await addKey('viewer'))).status).toBe(400);
});

it('keeps one change of an alert of two that were made at once', async () => {
  const alerts = createAlertStore(stores.store);
  const alert = toAlert(70);
  await alerts.insert(alert);
  const next = { ...alert, value: 71, revision: 1 };
  expect(await Promise.all([alerts.replace(next), alerts.replace({ ...next, value: 72 })])).toContain(false);
  const [left] = (await alerts.listOpen()).filter(({ _id }) => _id === alert._id);
  expect(left).toMatchObject({ revision: 1 });
});
