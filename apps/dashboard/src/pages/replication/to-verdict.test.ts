import type { ComparedDocument } from '@sluice/contracts/sync-differences';
import { expect, it } from 'vitest';
import { toVerdict } from './to-verdict.ts';

function toCompared(differing: number, equal: number, fieldCount: number): ComparedDocument {
  const toField = (differs: boolean, n: number) => ({
    ...{ path: `${differs}${n}`, primary: '1', backup: differs ? '2' : '1', differs, hidden: false },
  });
  return {
    ...{ collection: 'items', id: '"a"', readAt: '2026-01-02T03:04:05.678Z', fieldCount },
    ...{ onPrimary: true, onBackup: true, equal: false, orderDiffers: false },
    fields: [
      ...Array.from({ length: differing }, (_, n) => toField(true, n)),
      ...Array.from({ length: equal }, (_, n) => toField(false, n)),
    ],
  };
}

it.each([
  [1, 2, 3, '1 field differs.'],
  [2, 298, 1000, '2 fields differ.'],
  [300, 0, 300, '300 fields differ.'],
  [300, 0, 1000, 'At least 300 fields differ.'],
])('counts %i that differ and %i that do not, of %i in all: %s', (differing, equal, all, verdict) => {
  expect(toVerdict(toCompared(differing, equal, all))).toBe(verdict);
});
