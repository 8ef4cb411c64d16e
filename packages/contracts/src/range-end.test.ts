import { expect, it } from 'vitest';
import { toEndMs } from './range-end.ts';

it('ends a bare date with its day', () => {
  expect(toEndMs('2026-02-28')).toBe(Date.parse('2026-03-01T00:00:00Z'));
  expect(toEndMs('2026-02-28T12:00:00Z')).toBe(Date.parse('2026-02-28T12:00:00Z'));
});
