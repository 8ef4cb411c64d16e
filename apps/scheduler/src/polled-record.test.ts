import { pollSourceSchema } from '@sluice/contracts/source';
import { readRecords } from '@sluice/sources/poll/records';
import { expect, test } from 'vitest';
import { toKeepable } from './polled-record.ts';

const source = pollSourceSchema.parse({
  ...{ id: 'erp', kind: 'poll', url: 'http://erp.test/', schedule: '* * * * * *', idPath: 'id' },
  cursor: { kind: 'timestamp', param: 'since', path: 'at' },
});

function toEvents(...records: readonly object[]) {
  return toKeepable(source, readRecords(JSON.stringify(records), source), 0).events;
}

test('a record is known by its id and version, whatever else it holds', () => {
  const [first, second] = toEvents({ id: 7, at: '2026-06-01', n: 1 }, { n: 1, at: '2026-06-01', id: 7 });
  expect(first).toMatchObject({ idempotencyKey: '7@2026-06-01', keyOrigin: 'record', via: 'poll' });
  expect(second?.eventId).toBe(first?.eventId);
});

test('no other id and version make the same key', () => {
  const events = toEvents({ id: 'a@b', at: 'c' }, { id: 'a', at: 'b@c' }, { id: 'a%40b', at: 'c' });
  expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(3);
});

test('a record without a version is known by its content', () => {
  const [dated, changed] = toEvents({ id: 7, at: '', n: 1 }, { id: 7, at: null, n: 2 });
  expect([dated?.keyOrigin, changed?.keyOrigin]).toEqual(['content', 'content']);
  expect(dated?.eventId).not.toBe(changed?.eventId);
});
