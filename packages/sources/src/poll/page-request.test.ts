import { expect, test } from 'vitest';
import { toPageUrl } from './page-request.ts';

const source = {
  url: 'http://erp.test/orders?status=open&since=old',
  cursor: { kind: 'timestamp', param: 'since', path: 'at', lookback: 60 },
  pageSize: 50,
} as const;
const from = { atMs: 1_780_315_200_000, form: 'seconds' } as const;

test('puts the cursor into its parameter and keeps the others', () => {
  expect(toPageUrl(source, { page: 1, from }).search).toBe('?status=open&since=1780315200');
});

test('sends page and size only in parameters that the source names', () => {
  const paged = { ...source, url: 'http://erp.test/', pageParam: 'p', limitParam: 'n' };
  expect(toPageUrl(paged, { page: 2, from: null }).search).toBe('?p=2&n=50');
});
