import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { LegacyOrder } from '../src/inputs/orders.ts';
import { type LegacyServer, startLegacyServer } from '../src/legacy-server.ts';

const answerSchema = z.object({
  data: z.object({
    items: z.array(z.object({ id: z.string(), updated_at: z.string() })),
    total: z.number(),
  }),
});

const OPENED_MS = Date.parse('2026-03-01T12:00:00Z');
let nowMs = OPENED_MS;
let server: LegacyServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
  nowMs = OPENED_MS;
});

async function read(query = ''): Promise<z.output<typeof answerSchema>['data']> {
  const response = await fetch(`${server?.url}${query}`);
  expect(response.status).toBe(200);
  return answerSchema.parse(await response.json()).data;
}

async function readIds(query = ''): Promise<string[]> {
  return (await read(query)).items.map(({ id }) => id);
}

test('shows nothing before it is opened, then each order in its time', async () => {
  server = await startLegacyServer([toOrder('a', 0), toOrder('b', 1000)], () => nowMs);
  expect(await readIds()).toEqual([]);
  server.open();
  expect(await readIds()).toEqual(['a']);
  nowMs += 1000;
  expect(await readIds()).toEqual(['a', 'b']);
});

test('shows nothing any more once its orders are archived', async () => {
  server = await startLegacyServer([toOrder('a', 0)], () => nowMs);
  server.open();
  expect(await readIds()).toEqual(['a']);
  server.archive();
  expect(await readIds()).toEqual([]);
});

test('shows a late order among those that were there before it', async () => {
  server = await startLegacyServer(
    [toOrder('a', 0), toOrder('b', 900), toOrder('late', 1000, 500)],
    () => nowMs,
  );
  server.open();
  nowMs += 999;
  expect(await readIds()).toEqual(['a', 'b']);
  nowMs += 1;
  expect(await readIds()).toEqual(['a', 'late', 'b']);
});

test('answers what changed since a time, the time itself included', async () => {
  server = await startLegacyServer([toOrder('a', 0), toOrder('b', 500), toOrder('c', 1000)], () => nowMs);
  server.open();
  nowMs += 1000;
  expect(await readIds('?since=2026-03-01T12:00:00.500Z')).toEqual(['b', 'c']);
  expect(await readIds('?since=2026-03-01T12:00:00.501Z')).toEqual(['c']);
});

test('answers in pages, the one after the last empty', async () => {
  server = await startLegacyServer(
    ['a', 'b', 'c'].map((id, index) => toOrder(id, index)),
    () => nowMs,
  );
  server.open();
  nowMs += 10;
  expect(await readIds('?page=1&limit=2')).toEqual(['a', 'b']);
  expect(await readIds('?page=2&limit=2')).toEqual(['c']);
  expect(await readIds('?page=3&limit=2')).toEqual([]);
});

test.each(['?since=yesterday', '?page=0', '?limit=ten'])('refuses the query %s', async (query) => {
  server = await startLegacyServer([], () => nowMs);
  expect((await fetch(`${server.url}${query}`)).status).toBe(400);
});

function toOrder(id: string, visibleAfterMs: number, lateByMs = 0): LegacyOrder {
  return {
    visibleAfterMs,
    lateByMs,
    order: { id, customer: 'C-1', lines: [], total: '1.00', currency: 'EUR', state: 'open' },
  };
}
