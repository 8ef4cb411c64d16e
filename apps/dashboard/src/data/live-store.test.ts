import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLiveStore } from './live-store.ts';
import { type LiveNews, toRetryMs } from './live-stream.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function start() {
  let tell: (news: LiveNews) => void = () => undefined;
  const store = createLiveStore((onNews) => {
    tell = onNews;
  });
  const beat = () => tell({ kind: 'beat', id: null, at: Date.now() });
  return { store, beat, tell: (news: LiveNews) => tell(news) };
}

it('is live until 15 s without a sign, delayed until 45 s, and stale from then on', () => {
  const { store, beat } = start();
  expect(store.read().connection).toBe('connecting');
  beat();
  vi.advanceTimersByTime(15_000);
  expect(store.read().connection).toBe('live');
  vi.advanceTimersByTime(1000);
  expect(store.read().connection).toBe('delayed');
  vi.advanceTimersByTime(29_000);
  expect(store.read().connection).toBe('delayed');
  vi.advanceTimersByTime(1000);
  expect(store.read().connection).toBe('stale');
  beat();
  expect(store.read().connection).toBe('live');
  store.close();
});

it('is reconnecting after the first failure, and stale after the second', () => {
  const { store, beat, tell } = start();
  beat();
  const at = Date.now();
  tell({ kind: 'lost', at, failures: 1, retryAt: at + 900 });
  expect(store.read()).toMatchObject({ connection: 'reconnecting', retry: { failures: 1, at: at + 900 } });
  tell({ kind: 'lost', at, failures: 2, retryAt: at + 1900 });
  expect(store.read().connection).toBe('stale');
  beat();
  expect(store.read()).toMatchObject({ connection: 'live', retry: null });
  store.close();
});

it('has nothing drawn again for a sign that changes nothing but its time', () => {
  const { store, beat } = start();
  let changes = 0;
  store.subscribe(() => {
    changes += 1;
  });
  beat();
  expect(changes).toBe(1);
  vi.advanceTimersByTime(1000);
  beat();
  beat();
  expect(changes).toBe(1);
  expect(store.heardAt()).toBe(Date.now());
  store.close();
});

it('keeps when what is shown had to be loaded again', () => {
  const { store, tell } = start();
  tell({ kind: 'resync', at: 7, since: 3 });
  expect(store.read().resync).toEqual({ at: 7, since: 3 });
  store.close();
});

it('waits 1 s before it asks again, doubling to 30 s, never all tabs at once', () => {
  expect([1, 2, 3, 5, 6, 60].map((failures) => toRetryMs(failures, 0))).toEqual([
    1000, 2000, 4000, 16_000, 30_000, 30_000,
  ]);
  expect(toRetryMs(1, 1)).toBe(800);
});
