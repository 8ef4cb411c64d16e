import { expect, vi } from 'vitest';
import { type Parts, sendEvent } from './parts.ts';

const MAPPING = { type: 'metric', fields: { amount: { from: ['amount'], as: 'number' } } };

/** What has a page of its own. */
export type Filled = {
  readonly eventId: string;
  readonly duplicateId: string;
  readonly fingerprint: string;
  readonly operationId: string;
};

/** Gives every page something to show: records, twins, a dead letter and its replay, devices, a polled source, a key. */
export async function fillPages(parts: Parts): Promise<Filled> {
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
  const { revision } = await call('/api/sources/till/mapping', MAPPING);
  await call(`/api/sources/till/mapping/${revision}/activate`, { force: true, reason: 'nothing ran yet' });
  await call('/api/sources', {
    ...{ id: 'erp', kind: 'poll', url: 'http://127.0.0.1:9/orders', allowPrivate: true, idPath: 'id' },
    schedule: '0 0 3 * * *',
    cursor: { kind: 'timestamp', param: 'since', path: 'updated_at' },
  });
  await call('/api/keys', { name: 'a till', role: 'sender' });
  const payload = { metric: 'sales', amount: '12,50 €', timestamp: '2026-01-02T03:04:05Z' };
  const eventId = await sendEvent(parts, { source: 'shop', payload: { ...payload, note: 'first' } });
  const key = { 'idempotency-key': 'used-twice' };
  await sendEvent(parts, { source: 'till', payload: { amount: 1 } }, key);
  await sluice.settled();
  const duplicateId = await sendEvent(parts, { source: 'shop', payload: { ...payload, note: 'again' } });
  const deadId = await sendEvent(parts, { source: 'till', payload: { amount: 2 } }, key);
  expect(
    (await sluice.post('/vital-data', { device: 'D-1', timestamp: 1_767_323_045, heartRateValue: 71 }))
      .status,
  ).toBe(202);
  expect((await sluice.post('/api/events', '{"source":')).status).toBe(400);
  await sluice.settled();
  const { id } = await call('/api/replays', { filter: { source: 'till' }, reason: 'to be seen' });
  const events = sluice.db.collection<{ _id: string; status: string; fingerprint: string }>('raw_events');
  // A key that was used twice is forgiven when it is replayed.
  await vi.waitFor(
    async () => expect(await events.countDocuments({ _id: deadId, status: 'normalized' })).toBe(1),
    { timeout: 20_000 },
  );
  const nextId = await sendEvent(parts, { source: 'till', payload: { amount: 3 } }, key);
  await sluice.settled();
  const dead = await events.findOne({ _id: nextId });
  return { eventId, duplicateId, fingerprint: dead?.fingerprint ?? '', operationId: String(id) };
}
