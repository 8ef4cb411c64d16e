import { expect, it } from 'vitest';
import { filterItems, groupItems, type Item } from './items.ts';

const item = (group: Item['group'], label: string): Item => ({
  id: label,
  group,
  label,
  hint: '',
  run: () => undefined,
});
const ITEMS = [
  item('Go to', 'Events'),
  item('Go to', 'Rejected requests'),
  item('Do', 'Show times in local time'),
  item('Do', 'Send an event'),
];
const toLabels = (items: readonly Item[]) => items.map(({ label }) => label);

it('keeps what holds every word, in any order, also of its group', () => {
  expect(toLabels(filterItems(ITEMS, 'time LOCAL'))).toEqual(['Show times in local time']);
  expect(toLabels(filterItems(ITEMS, 'go to'))).toEqual(['Events', 'Rejected requests']);
  expect(filterItems(ITEMS, 'nothing of the kind')).toEqual([]);
  expect(filterItems(ITEMS, '  ')).toBe(ITEMS);
});

it('puts first what begins with the text', () => {
  expect(toLabels(filterItems(ITEMS, 'event'))).toEqual(['Events', 'Send an event']);
  expect(toLabels(filterItems(ITEMS, 'send'))).toEqual(['Send an event']);
});

it('keeps groups together, in the order of their best', () => {
  const groups = groupItems([item('Do', 'a'), item('Go to', 'b'), item('Do', 'c')]);
  expect(groups.map(([name, items]) => [name, toLabels(items)])).toEqual([
    ['Do', ['a', 'c']],
    ['Go to', ['b']],
  ]);
});
