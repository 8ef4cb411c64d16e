import type { StatusItem } from '@sluice/contracts/live';
import { expect, it } from 'vitest';
import { isListed } from './match-status.ts';

const NEWS = {
  ...{ id: 'evt_1', source: 'shop', status: 'dead', code: 'ERR_FIELD_REQUIRED' },
  receivedAt: '2026-01-02T12:00:00.000Z',
} as StatusItem;

it.each([
  [{}, true],
  [{ status: 'dead' }, true],
  [{ status: 'failed' }, false],
  [{ source: 'shop', code: 'ERR_FIELD_REQUIRED' }, true],
  [{ source: 'erp' }, false],
  [{ code: 'ERR_SIMULATED' }, false],
  [{ fingerprint: 'abc' }, false],
  [{ from: '2026-01-02T12:00:00Z', to: '2026-01-02' }, true],
  [{ from: '2026-01-02T12:00:01Z' }, false],
  [{ to: '2026-01-02T12:00:00Z' }, false],
] as const)('with the filter %j an event that just died is listed: %s', (search, expected) => {
  expect(isListed(search, NEWS)).toBe(expected);
});
