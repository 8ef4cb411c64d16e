import { pollSourceSchema } from '@sluice/contracts/source';
import { readRecords } from '@sluice/sources/poll/records';
import { expect, test } from 'vitest';
import { toKeepable } from './polled-record.ts';

const source = pollSourceSchema.parse({
  ...{ id: 'erp', kind: 'poll', url: 'http://erp.test/', schedule: '* * * * * *', idPath: 'id' },
  cursor: { kind: 'timestamp', param: 'since', path: 'at' },
});

function toPage(...records: readonly object[]) {
  return toKeepable(source, readRecords(JSON.stringify(records), source), 0);
}

async function toEvents(...records: readonly object[]) {
  return (await toPage(...records)).events;
}

test('a record is known by its id and version, whatever else it holds', async () => {
  const [first, second] = await toEvents(
    { id: 7, at: '2026-06-01', n: 1 },
    { n: 1, at: '2026-06-01', id: 7 },
  );
  expect(first).toMatchObject({ idempotencyKey: '7@2026-06-01', keyOrigin: 'record', via: 'poll' });
  expect(second?.eventId).toBe(first?.eventId);
});

test('no other id and version make the same key', async () => {
  const events = await toEvents({ id: 'a@b', at: 'c' }, { id: 'a', at: 'b@c' }, { id: 'a%40b', at: 'c' });
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(3);
});

test('a record without a version is known by its content', async () => {
  const [dated, changed] = await toEvents({ id: 7, at: '', n: 1 }, { id: 7, at: null, n: 2 });
  expect([dated?.keyOrigin, changed?.keyOrigin]).toEqual(['content', 'content']);
  expect(dated?.eventId).not.toBe(changed?.eventId);
});

test('records that cannot be taken are told apart, each with the bytes that were sent', async () => {
  const big = { id: 4, text: 'x'.repeat(1024 ** 2) };
  const { events, refused } = await toPage({ id: 1 }, { n: 2 }, { id: 3, $set: 1 }, big);
  expect(events.map(({ body }) => body)).toEqual(['{"id":1}']);
  expect(refused.map(({ cause, body }) => [cause, body])).toEqual([
    ['record-unreadable', '{"n":2}'],
    ['ERR_UNSAFE_KEY', '{"id":3,"$set":1}'],
    ['ERR_BODY_TOO_LARGE', JSON.stringify(big)],
  ]);
  expect(refused[0]?.detail).toBe('record 1 of its page: no id at id');
});

test('a large page gives the event loop its turns', async () => {
  const records = Array.from({ length: 2000 }, (_, id) => ({ id }));
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 0);
  const counted = new Promise<void>((resolve) => setImmediate(resolve));
  const page = toPage(...records);
  await counted;
  const { events } = await page;
  clearInterval(timer);
  expect(events).toHaveLength(2000);
  expect(turns).toBeGreaterThan(0);
});
