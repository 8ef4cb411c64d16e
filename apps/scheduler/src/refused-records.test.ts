import type { Rejection } from '@sluice/contracts/rejection';
import { pollSourceSchema } from '@sluice/contracts/source';
import { expect, test } from 'vitest';
import { createRefusedRecords, type RefusedRecord } from './refused-records.ts';

const source = pollSourceSchema.parse({
  ...{ id: 'erp', kind: 'poll', url: 'https://erp.test/orders?key=hunter2', schedule: '* * * * * *' },
  ...{ tenant: 'acme', idPath: 'id', cursor: { kind: 'page', param: 'p' } },
});

function toRefused(...bodies: readonly string[]): RefusedRecord[] {
  return bodies.map((body) => ({ code: 'ERR_UNSAFE_KEY', cause: 'ERR_UNSAFE_KEY', detail: 'No.', body }));
}

function toBodies(rejections: readonly Rejection[]): string[] {
  return rejections.map(({ body }) => Buffer.from(body).toString());
}

function start() {
  const written: Rejection[] = [];
  const begin = createRefusedRecords({
    now: () => 0,
    write: async (rejections) => {
      written.push(...rejections);
    },
  });
  return { written, begin };
}

test('a record is kept as a rejection of its source, without what its address may hide', async () => {
  const { written, begin } = start();
  expect(await begin(source, 7).keep(toRefused('{"$a":1}'))).toBe(1);
  expect(written).toEqual([
    {
      ...{ at: new Date(0), tenant: 'acme', source: 'erp', code: 'ERR_UNSAFE_KEY', cause: 'ERR_UNSAFE_KEY' },
      ...{ status: 400, detail: 'No.', requestId: 'poll-erp-7', method: 'GET', path: '/orders' },
      ...{ remote: 'erp.test', headers: {}, body: Buffer.from('{"$a":1}') },
    },
  ]);
});

test('a record that is read again is kept once, and counted once in every run', async () => {
  const { written, begin } = start();
  const run = begin(source, 7);
  expect([await run.keep(toRefused('a', 'b')), await run.keep(toRefused('b', 'c'))]).toEqual([2, 1]);
  expect(await begin(source, 8).keep(toRefused('a', 'd'))).toBe(2);
  expect(toBodies(written)).toEqual(['a', 'b', 'c', 'd']);
  await begin({ ...source }, 9).keep(toRefused('a'));
  expect(written).toHaveLength(5);
});

test('a run keeps a thousand and counts all; the next keeps those that are left', async () => {
  const { written, begin } = start();
  const bodies = Array.from({ length: 1500 }, (_, index) => String(index));
  expect(await begin(source, 7).keep(toRefused(...bodies))).toBe(1500);
  expect(toBodies(written)).toEqual(bodies.slice(0, 1000));
  expect(await begin(source, 8).keep(toRefused(...bodies))).toBe(1500);
  expect(toBodies(written)).toEqual(bodies);
});

test('what could not be kept is kept the next time', async () => {
  const written: Rejection[] = [];
  let isAway = true;
  const begin = createRefusedRecords({
    now: () => 0,
    write: async (rejections) => {
      if (isAway) throw new Error('The store is away.');
      written.push(...rejections);
    },
  });
  await expect(begin(source, 7).keep(toRefused('a'))).rejects.toThrow('away');
  isAway = false;
  expect(await begin(source, 8).keep(toRefused('a'))).toBe(1);
  expect(toBodies(written)).toEqual(['a']);
});
