import type { BulkPlan, RawUpdate } from '@sluice/contracts/bulk';
import type { NormalizedEventDocument, RawEventDocument } from '@sluice/contracts/event';
import { expect, it } from 'vitest';
import { toRollupChange } from './rollup-changes.ts';

const AT = new Date('2026-01-01T12:00:00.500Z');
const HOUR = Date.parse('2026-01-01T10:00:00Z') / 1000;

type Parts = Partial<Pick<BulkPlan, 'normalized' | 'rawInserts' | 'rawUpdates'>>;
const toChange = (parts: Parts, origins: Parameters<typeof toRollupChange>[1] = new Map()) =>
  toRollupChange({ normalized: [], rawInserts: [], rawUpdates: [], ...parts }, origins, AT);

const origin = { tenant: 'default', source: 'shop', receivedAt: new Date('2026-01-01T10:59:59.999Z') };

function toRecord(fields: Partial<NormalizedEventDocument>): NormalizedEventDocument {
  const data = { metric: 'sales', amount: 2 };
  return { ...origin, type: 'metric', timestamp: null, data, ...fields } as NormalizedEventDocument;
}

function toUpdate(id: string, from: RawUpdate['set']['status'], to: RawUpdate['set']['status']): RawUpdate {
  const expected = { status: from, run: 0, attempts: 1 };
  return { id, expect: expected, set: { status: to, run: 0, attempts: 2, updatedAt: AT } };
}

it('is nothing when no event is stored or changed', () => {
  expect(toChange({})).toBeNull();
});

it('has one entry for each second of a source', () => {
  const at = (time: string) => new Date(`2026-01-01T${time}Z`);
  const change = toChange({
    normalized: [
      toRecord({ timestamp: at('09:00:00.000') }),
      toRecord({ timestamp: at('09:00:00.999') }),
      toRecord({ timestamp: at('09:00:01.000') }),
      toRecord({ timestamp: at('09:00:00.500') }),
      toRecord({ timestamp: at('09:00:00.000'), source: 'erp' }),
      toRecord({ timestamp: at('09:00:00.000'), tenant: 'other' }),
      toRecord({}),
    ],
  });
  const found = change?.values.map(({ tenant, source, second, series }) => [
    ...[tenant, source, new Date(second * 1000).toISOString().slice(11, 19), series[0]?.count],
  ]);
  expect(found).toEqual([
    ['default', 'shop', '09:00:00', 3],
    ['default', 'shop', '09:00:01', 1],
    ['default', 'erp', '09:00:00', 1],
    ['other', 'shop', '09:00:00', 1],
    ['default', 'shop', '10:59:59', 1],
  ]);
});

it('moves an event from one status to the other, in the hour of its arrival', () => {
  const raw = { ...origin, status: 'failed' } as RawEventDocument;
  expect(toChange({ rawInserts: [raw, raw] })).toMatchObject({
    received: [{ tenant: 'default', source: 'shop', hour: HOUR, counts: { failed: 2 } }],
    settled: [{ tenant: 'default', source: 'shop', accepted: 2, counts: { failed: 2 } }],
  });
  const rawUpdates = [toUpdate('a', 'failed', 'normalized'), toUpdate('b', 'failed', 'failed')];
  expect(toChange({ rawUpdates }, new Map(rawUpdates.map(({ id }) => [id, origin])))).toMatchObject({
    received: [{ hour: HOUR, counts: { failed: -1, normalized: 1 } }],
    settled: [{ accepted: 0, counts: { failed: 1, normalized: 1 } }],
  });
});

it('counts how late an event was stored in its first run, when it became a record or a duplicate', () => {
  const late = (ms: number) => new Date(origin.receivedAt.getTime() + ms);
  const stored = (status: string, ms: number, run = 0) =>
    ({ ...origin, status, run, storedAt: late(ms) }) as RawEventDocument;
  const update = toUpdate('a', 'failed', 'normalized');
  const change = toChange(
    {
      rawInserts: [
        ...[stored('normalized', 3), stored('duplicate', 4), stored('normalized', 900)],
        ...[stored('dead', 5), stored('failed', 5), stored('normalized', 5, 1)],
      ],
      rawUpdates: [{ ...update, set: { ...update.set, updatedAt: late(1000) } }],
    },
    new Map([['a', origin]]),
  );
  expect(change?.received[0]?.latency).toEqual({ '2': 2, '10': 2 });
  expect(change?.settled[0]?.latency).toEqual({ '2': 2, '10': 2 });
});
