import { expect, it } from 'vitest';
import { appendRows, beginRows, NO_ROWS, patchRows, refreshRows, showHeld } from './live-rows.ts';

const rows = (...ids: readonly string[]) => ids.map((id) => ({ id, status: 'pending' }));
const toIds = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id).join(' ');

it('puts what is new on top while nobody reads', () => {
  const list = refreshRows(beginRows(rows('b', 'a')), rows('d', 'c', 'b', 'a'), { insert: true });
  expect(toIds(list.shown)).toBe('d c b a');
  expect(list.held).toEqual([]);
});

it('holds what is new back while somebody reads, newest first, and shows it when asked', () => {
  const first = refreshRows(beginRows(rows('b', 'a')), rows('c', 'b', 'a'), { insert: false });
  const second = refreshRows(first, rows('d', 'c', 'b', 'a'), { insert: false });
  expect(toIds(second.shown)).toBe('b a');
  expect(toIds(second.held)).toBe('d c');
  expect(toIds(showHeld(second).shown)).toBe('d c b a');
});

it('brings known rows up to date in their place, held ones too', () => {
  const held = refreshRows(beginRows(rows('b', 'a')), rows('c', 'b', 'a'), { insert: false });
  const fresh = [
    { id: 'c', status: 'dead' },
    { id: 'b', status: 'normalized' },
    { id: 'a', status: 'pending' },
  ];
  const list = refreshRows(held, fresh, { insert: false });
  expect(list.shown).toEqual([fresh[1], fresh[2]]);
  expect(list.held).toEqual([fresh[0]]);
});

it('never shows rows as neighbours that are none: a page of strangers is a gap', () => {
  const list = refreshRows(beginRows(rows('b', 'a')), rows('z', 'y'), { insert: false });
  expect(list).toMatchObject({ overflown: true, held: [] });
  expect(toIds(list.shown)).toBe('b a');
  expect(toIds(refreshRows(beginRows(rows('b', 'a')), rows('z', 'y'), { insert: true }).shown)).toBe('z y');
});

it('adds an older page once, whatever overlaps', () => {
  const list = appendRows(beginRows(rows('d', 'c')), rows('c', 'b'));
  expect(toIds(list.shown)).toBe('d c b');
  expect(toIds(appendRows(NO_ROWS, rows('a')).shown)).toBe('a');
});

it('gives up holding back after 2,000 rows and says so', () => {
  let list = beginRows(rows('0'));
  for (let page = 0; page < 30; page += 1) {
    const newest = Array.from({ length: 100 }, (_, at) => `${(page + 1) * 99 - at}`);
    list = refreshRows(list, rows(...newest), { insert: false });
  }
  expect(list.overflown).toBe(true);
  expect(list.held.length).toBeLessThanOrEqual(2000);
});

it('begins anew instead of growing beyond 2,000 rows, and keeps what was loaded while nothing arrives', () => {
  let list = beginRows(rows('1'));
  for (let page = 2; page <= 300; page += 1) {
    const newest = rows(...Array.from({ length: 100 }, (_, at) => `${page * 50 - at}`));
    list = refreshRows(list, newest, { insert: true });
    expect(list.shown.length).toBeLessThanOrEqual(2000);
    expect(list.shown.slice(0, 100)).toEqual(newest);
  }
  const older = Array.from({ length: 3000 }, (_, at) => `older ${at}`);
  const long = appendRows(beginRows(rows('b', 'a')), rows(...older));
  expect(refreshRows(long, rows('b', 'a'), { insert: true }).shown).toHaveLength(3002);
  expect(refreshRows(long, rows('c', 'b'), { insert: false }).shown).toHaveLength(3002);
  expect(toIds(refreshRows(long, rows('c', 'b'), { insert: true }).shown)).toBe('c b');
});

it('changes rows in their place, and nothing at all when none is concerned', () => {
  const held = refreshRows(beginRows(rows('b', 'a')), rows('c', 'b', 'a'), { insert: false });
  const patch = (item: { readonly id: string; readonly status: string }) =>
    item.id === 'b' || item.id === 'c' ? { ...item, status: 'dead' } : item;
  const list = patchRows(held, patch);
  expect(list.shown.map(({ status }) => status)).toEqual(['dead', 'pending']);
  expect(list.held.map(({ status }) => status)).toEqual(['dead']);
  expect(patchRows(held, (item) => item)).toBe(held);
});
