import { expect } from 'vitest';
import { type Parts, sendEvent } from './parts.ts';

/** A mapping under which an event without an amount dies at once. */
const STRICT = { type: 'metric', fields: { amount: { from: ['amount'], as: 'number', required: true } } };

/** Gives every page something to show: records, twins, a dead letter and its replay, devices, a polled source, a key. */
export async function fillPages(parts: Parts): Promise<void> {
  const { sluice } = parts;
  const call = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(new URL(path, sluice.stack.apiUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    expect(response.ok, JSON.stringify(answer)).toBe(true);
    return answer;
  };
  await call('/api/sources', { id: 'till', kind: 'push' });
  const { revision } = await call('/api/sources/till/mapping', STRICT);
  await call(`/api/sources/till/mapping/${revision}/activate`, { force: true, reason: 'nothing ran yet' });
  await call('/api/sources', {
    ...{ id: 'erp', kind: 'poll', url: 'http://127.0.0.1:9/orders', allowPrivate: true, idPath: 'id' },
    schedule: '0 0 3 * * *',
    cursor: { kind: 'timestamp', param: 'since', path: 'updated_at' },
  });
  await call('/api/keys', { name: 'a till', role: 'sender' });
  const payload = { metric: 'sales', amount: '12,50 €', timestamp: '2026-01-02T03:04:05Z' };
  for (const note of ['first', 'again'])
    await sendEvent(parts, { source: 'shop', payload: { ...payload, note } });
  await sendEvent(parts, { source: 'till', payload: { price: 1 } });
  expect(
    (await sluice.post('/vital-data', { device: 'D-1', timestamp: 1_767_323_045, heartRateValue: 71 }))
      .status,
  ).toBe(202);
  expect((await sluice.post('/api/events', '{"source":')).status).toBe(400);
  await sluice.settled();
  await call('/api/replays', { filter: { source: 'till' }, reason: 'to be seen' });
}
