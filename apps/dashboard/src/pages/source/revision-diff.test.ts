import { expect, it } from 'vitest';
import { listChanges } from './revision-diff.ts';

const FIRST = {
  type: 'sale',
  fields: { amount: { from: ['price', 'total'], as: 'number' }, at: { from: ['at'], as: 'date' } },
};

it('lists what was changed, added and taken away, and nothing else', () => {
  const second = {
    type: 'sale',
    fields: {
      amount: { from: ['price.gross', 'total'], as: 'number', required: true },
      note: { from: ['note'] },
    },
  };
  expect(listChanges(FIRST, second)).toEqual([
    { place: 'fields › amount › from', before: 'price, total', after: 'price.gross, total' },
    { place: 'fields › at › from', before: 'at', after: null },
    { place: 'fields › at › as', before: 'date', after: null },
    { place: 'fields › amount › required', before: null, after: 'true' },
    { place: 'fields › note › from', before: null, after: 'note' },
  ]);
});

it('finds nothing between equals', () => {
  expect(listChanges(FIRST, structuredClone(FIRST))).toEqual([]);
});
