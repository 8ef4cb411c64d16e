import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAnnouncements } from './announcements.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function start() {
  const said: string[] = [];
  return { said, announcements: createAnnouncements((message) => said.push(message)) };
}

it('says the first at once, and then one message in 10 s at most', () => {
  const { said, announcements } = start();
  announcements.tell('events', '1 new event');
  vi.advanceTimersByTime(0);
  expect(said).toEqual(['1 new event']);
  for (let count = 2; count <= 12; count += 1) {
    announcements.tell('events', `${count} new events`);
    vi.advanceTimersByTime(500);
  }
  expect(said).toHaveLength(1);
  vi.advanceTimersByTime(4500);
  expect(said).toEqual(['1 new event', '12 new events']);
});

it('says what was told about different things in one message', () => {
  const { said, announcements } = start();
  announcements.tell('events', '12 new events');
  announcements.tell('dead', '1 dead');
  vi.advanceTimersByTime(0);
  expect(said).toEqual(['12 new events, 1 dead']);
});

it('says nothing when nothing was told, nor once it is closed', () => {
  const { said, announcements } = start();
  vi.advanceTimersByTime(60_000);
  announcements.tell('events', '1 new event');
  announcements.close();
  vi.advanceTimersByTime(60_000);
  expect(said).toEqual([]);
});
