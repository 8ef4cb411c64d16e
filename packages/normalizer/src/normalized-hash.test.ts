import { expect, it } from 'vitest';
import { toNormalizedHash } from './normalized-hash.ts';

const base = { tenant: 'default', source: 'shop', type: 'metric', contentHash: 'c1' };

it('does not see the content hash while every field is known', () => {
  const fields = { metric: 'sales', amount: 1 };
  const hash = toNormalizedHash({ ...base, fields });
  expect(toNormalizedHash({ ...base, contentHash: 'c2', fields: { amount: 1, metric: 'sales' } })).toBe(hash);
});

it('sees tenant, source, type and every field', () => {
  const fields = { metric: 'sales', amount: 1 };
  const hashes = [
    { ...base, fields },
    { ...base, tenant: 'other', fields },
    { ...base, source: 'other', fields },
    { ...base, type: 'other', fields },
    { ...base, fields: { ...fields, amount: 2 } },
    { ...base, fields: { ...fields, amount: '1' } },
    { ...base, fields: { ...fields, unit: 'x' } },
  ].map(toNormalizedHash);
  expect(new Set(hashes).size).toBe(hashes.length);
});

it.each([
  ['a field is null', { metric: 'sales', timestamp: null }],
  ['there is no field', {}],
  ['the type passes through', null],
])('falls back to the content hash when %s', (_, fields) => {
  const hash = toNormalizedHash({ ...base, fields });
  expect(toNormalizedHash({ ...base, fields: null })).toBe(hash);
  expect(toNormalizedHash({ ...base, fields, contentHash: 'c2' })).not.toBe(hash);
});
