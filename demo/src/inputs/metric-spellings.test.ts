import { expect, test } from 'vitest';
import { CLIENT_A, CLIENT_B } from './metric-spellings.ts';

test('writes one record in the four ways of each client', () => {
  const day = { metric: 'sales', cents: 1_234_550, atMs: Date.parse('2024-01-31T00:00:00Z') };
  expect(CLIENT_A.map((spell) => spell(day))).toEqual([
    { value: 'sales', price: '12345.50', date: '2024/01/31' },
    { metric: 'sales', amount: 12345.5, timestamp: '2024-01-31T00:00:00Z' },
    { event: 'sales', cost: '12,345.50', date: '2024-01-31' },
    { Measure: 'sales', total: '€ 12.345,50', date: '31.01.2024' },
  ]);
  const second = { metric: 'visits', cents: 120_000, atMs: Date.parse('2024-01-31T22:30:05Z') };
  expect(CLIENT_B.map((spell) => spell(second))).toEqual([
    { metric: 'visits', amount: 1200, timestamp: '2024-01-31T22:30:05.000Z' },
    { metric_name: 'visits', quantity: '1200', ts: 1_706_740_205 },
    { metric: 'visits', amount: '1200', created_at: '2024-02-01T00:30:05+02:00' },
    { kind: 'visits', sum: '1 200,00 EUR', time: 'Wed, 31 Jan 2024 22:30:05 GMT' },
  ]);
});
