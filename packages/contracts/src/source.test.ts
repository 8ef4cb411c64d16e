import { expect, test } from 'vitest';
import { pollSourceSchema, sourceSchema } from './source.ts';

const POLL = {
  ...{ id: 'erp', kind: 'poll', url: 'http://erp.test/', schedule: '* * * * * *', idPath: 'id' },
  ...{ format: 'csv', cursor: { kind: 'page', param: 'p' } },
};

test.each(['.', '..', '', 'a/b', 'x'.repeat(65)])('%j is no name of a source', (id) => {
  expect(sourceSchema.safeParse({ id, kind: 'push' }).success).toBe(false);
});

test.each(['...', '.a', 'a..', 'v1.orders'])('%j is one: an address keeps it as it is', (id) => {
  expect(new URL(`/api/sources/${id}`, 'http://sluice.test').pathname).toBe(`/api/sources/${id}`);
  expect(sourceSchema.safeParse({ id, kind: 'push' }).success).toBe(true);
});

test.each(['"', '\n', '\r', '', ',,'])('%j separates no fields of CSV', (delimiter) => {
  expect(pollSourceSchema.safeParse({ ...POLL, delimiter }).success).toBe(false);
});

test.each([',', ';', '\t', '|'])('%j does', (delimiter) => {
  expect(pollSourceSchema.safeParse({ ...POLL, delimiter }).success).toBe(true);
});

test('a schedule has 512 characters at most', () => {
  const schedule = `${'0,'.repeat(251)}0 * * * * *`;
  expect(pollSourceSchema.safeParse({ ...POLL, schedule }).success).toBe(false);
});
