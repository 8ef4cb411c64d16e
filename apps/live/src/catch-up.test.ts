import { ResumeLostError } from '@sluice/store/changes';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCatchUp, type LateClient } from './catch-up.ts';
import { type LiveEntry, toMessage } from './frames.ts';
import type { WatchEntriesOptions } from './stream-source.ts';

function toEntry(token: string): LiveEntry {
  return { ...toMessage('event', token, {}), token, tenant: 'default', at: 0, labels: {} };
}

/** A client that notes what it was told; while `blocked` it takes nothing more. */
function createClient(token: string) {
  const told: string[] = [];
  let position = token;
  let whenDrained = Promise.withResolvers<void>();
  const state = { blocked: false, closed: false };
  const client: LateClient = {
    get token() {
      return position;
    },
    get isClosed() {
      return state.closed;
    },
    get isBlocked() {
      return state.blocked && !state.closed;
    },
    follow: () => void told.push('follow'),
    deliver(entry) {
      if (entry.token <= position) return;
      position = entry.token;
      told.push(entry.token);
    },
    advance(reached) {
      if (reached > position) position = reached;
    },
    drained: () => (state.blocked && !state.closed ? whenDrained.promise : Promise.resolve()),
    reset: () => void told.push('reset'),
    drop() {
      state.closed = true;
      told.push('drop');
      whenDrained.resolve();
    },
  };
  function drain(): void {
    state.blocked = false;
    whenDrained.resolve();
    whenDrained = Promise.withResolvers<void>();
  }
  return { client, told, state, drain };
}

function start(floor = 'z') {
  const runs: WatchEntriesOptions[] = [];
  const catchUp = createCatchUp({
    watch(options) {
      runs.push(options);
      return { opened: Promise.resolve(), close: () => Promise.resolve() };
    },
    ring: { floor: () => floor },
    patienceMs: 5000,
    now: Date.now,
    onRun: () => undefined,
    onTrouble: () => undefined,
  });
  return { catchUp, runs };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('catching up', () => {
  it('waits until nobody new has come for a moment, and begins at the oldest position', () => {
    const { catchUp, runs } = start();
    for (const token of ['d', 'b', 'c']) {
      catchUp.add(createClient(token).client);
      vi.advanceTimersByTime(40);
    }
    expect(runs).toHaveLength(0);
    vi.advanceTimersByTime(60);
    expect(runs.map(({ resumeAfter }) => resumeAfter)).toEqual(['b']);
  });

  it('begins after a second at the latest, however many come', () => {
    const { catchUp, runs } = start();
    for (let ms = 0; ms < 1100; ms += 40) {
      catchUp.add(createClient('b').client);
      vi.advanceTimersByTime(40);
    }
    expect(runs).toHaveLength(1);
  });

  it('lets nobody join behind a message that the others were already sent', async () => {
    const { catchUp, runs } = start();
    const slow = createClient('b');
    slow.state.blocked = true;
    catchUp.add(slow.client);
    vi.advanceTimersByTime(100);
    const handing = runs[0]?.onEntry(toEntry('d'));
    const late = createClient('c');
    catchUp.add(late.client);
    slow.drain();
    await handing;
    runs[0]?.onPosition('z');
    vi.advanceTimersByTime(100);
    expect(slow.told).toEqual(['d', 'follow']);
    expect(late.told).toEqual([]);
    expect(runs[1]?.resumeAfter).toBe('c');
  });

  it('drops a client that holds the others up for 5 s in all', async () => {
    const { catchUp, runs } = start();
    const [slow, other] = [createClient('b'), createClient('b')];
    catchUp.add(slow.client);
    catchUp.add(other.client);
    vi.advanceTimersByTime(100);
    for (const token of ['c', 'd', 'e']) {
      slow.state.blocked = true;
      const handing = runs[0]?.onEntry(toEntry(token));
      vi.advanceTimersByTime(2000);
      if (token !== 'e') slow.drain();
      await handing;
    }
    expect(slow.told).toEqual(['c', 'd', 'e', 'drop']);
    runs[0]?.onPosition('z');
    expect(other.told).toEqual(['c', 'd', 'e', 'follow']);
  });

  it('resets twice as many with each further loss, the oldest first', () => {
    const { catchUp, runs } = start();
    const clients = Array.from({ length: 10 }, (_, n) => createClient(`b${n}`));
    for (const { client } of clients) catchUp.add(client);
    for (let loss = 0; loss < 3; loss += 1) {
      vi.advanceTimersByTime(100);
      runs.at(-1)?.onError(new ResumeLostError('gone'));
    }
    expect(clients.map(({ told }) => told.length)).toEqual([1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
    vi.advanceTimersByTime(100);
    runs.at(-1)?.onPosition('z');
    expect(clients.slice(7).map(({ told }) => told)).toEqual([['follow'], ['follow'], ['follow']]);
    expect(runs.map(({ resumeAfter }) => resumeAfter)).toEqual(['b0', 'b1', 'b3', 'b7']);
  });
});
