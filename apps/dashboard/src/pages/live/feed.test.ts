import { expect, it } from 'vitest';
import { EMPTY_FEED, type FeedEntry, takeArrivals } from './feed.ts';

const toEvents = (count: number, from = 0): readonly FeedEntry[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ kind: 'event', key: String(from + index), id: `evt_${from + index}`, at: '' },
    ...{ source: 'shop', status: 'normalized', text: '' },
  }));

it('shows all of a few, the newest first', () => {
  const feed = takeArrivals(EMPTY_FEED, toEvents(3), 0.25);
  expect(feed.lines.map(({ key }) => key)).toEqual(['2', '1', '0']);
  expect(feed).toMatchObject({ oneOf: 1, total: 3 });
});

it('samples more than 50 a second, and still counts each', () => {
  let feed = EMPTY_FEED;
  for (let round = 0; round < 40; round += 1) feed = takeArrivals(feed, toEvents(50, round * 50), 0.25);
  expect(feed.total).toBe(2000);
  expect(feed.perSecond).toBeCloseTo(200, 0);
  expect(feed.oneOf).toBe(4);
  expect(feed.lines.length).toBeLessThanOrEqual(300);
  const [first, second] = feed.lines;
  expect(Number(first?.key) - Number(second?.key)).toBe(4);
});

it('never leaves out the line that says what was missed', () => {
  const resync: FeedEntry = { kind: 'resync', key: 'r', at: 1 };
  const feed = takeArrivals(EMPTY_FEED, [...toEvents(100), resync, ...toEvents(100, 100)], 0.25);
  expect(feed.lines.filter(({ kind }) => kind === 'resync')).toHaveLength(1);
});

it('comes to rest when nothing arrives', () => {
  let feed = takeArrivals(EMPTY_FEED, toEvents(1), 0.25);
  for (let round = 0; round < 60; round += 1) feed = takeArrivals(feed, [], 0.25);
  expect(feed.perSecond).toBe(0);
  expect(takeArrivals(feed, [], 0.25)).toBe(feed);
});

it('shows all that waited for a minute at two a second, and counts what was not kept', () => {
  const before = takeArrivals(EMPTY_FEED, toEvents(1), 0.25);
  const feed = takeArrivals(before, toEvents(120, 1), 60, 30);
  expect(feed).toMatchObject({ oneOf: 1, total: 151 });
  expect(feed.lines).toHaveLength(121);
  expect(feed.perSecond).toBeLessThan(5);
});
