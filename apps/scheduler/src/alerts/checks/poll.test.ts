import type { PollOutcome } from '@sluice/contracts/poll';
import { type PollSource, pollSourceSchema } from '@sluice/contracts/source';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPollCheck, isFailing } from './poll.ts';

const NOON_MS = Date.UTC(2026, 5, 2, 12);

function toRuns(...outcomes: readonly PollOutcome[]) {
  return outcomes.map((outcome, index) => ({ outcome, startedAt: new Date(NOON_MS - index * 60_000) }));
}

describe('a polled source', () => {
  it.each([
    ['after five failures in a row', toRuns('failed', 'crashed', 'failed', 'failed', 'failed'), true],
    ['not after four', toRuns('failed', 'failed', 'failed', 'failed', 'polled', 'failed'), false],
    ['when it is left alone for that', toRuns('failed', 'open', 'failed'), true],
    ['not when it succeeded since', toRuns('partial', 'open', 'failed', 'failed', 'failed', 'failed'), false],
    [
      'whatever says nothing of the source comes between',
      toRuns('failed', 'busy', 'failed', 'left', 'failed', 'lost', 'failed', 'running', 'failed'),
      true,
    ],
    ['not when it was never polled', [], false],
  ] as const)('fails %s', (_, runs, expected) => {
    expect(isFailing(runs)).toBe(expected);
  });
});

describe('looking at polled sources', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOON_MS + 1000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Looks at a source that is due every minute, whose last run the test changes. */
  function start() {
    const source: PollSource = pollSourceSchema.parse({
      ...{ id: 'erp', kind: 'poll', url: 'http://erp.test/', schedule: '0 * * * * *', idPath: 'id' },
      cursor: { kind: 'page', param: 'page' },
    });
    const state = { runs: toRuns('polled'), paused: [] as string[] };
    const check = createPollCheck({
      sources: { list: async () => [source], listPaused: async () => state.paused },
      runs: {
        listMany: async () => new Map([['erp', state.runs as never[]]]),
        findLastWhole: async () => new Map(),
      },
      now: Date.now,
    });
    async function lookAfter(seconds: number) {
      vi.advanceTimersByTime(seconds * 1000);
      return check.look();
    }
    return { state, lookAfter };
  }

  it('finds one that no run begins for, a minute after its slot', async () => {
    const { state, lookAfter } = start();
    expect(await lookAfter(0)).toEqual([]);
    expect(await lookAfter(118)).toEqual([]);
    const [late] = await lookAfter(2);
    expect(late).toMatchObject({ subject: 'erp', value: 61, unit: 'seconds', dashboard: '/sources/erp' });
    expect(late?.text).toContain('should have been polled 61 seconds ago');
    state.runs = [{ outcome: 'polled', startedAt: new Date() }];
    expect(await lookAfter(1)).toEqual([]);
  });

  it('waits for none that is under way, left alone or paused', async () => {
    const { state, lookAfter } = start();
    await lookAfter(0);
    for (const outcome of ['running', 'waiting'] as const) {
      state.runs = toRuns(outcome);
      expect(await lookAfter(600)).toEqual([]);
    }
    state.runs = toRuns('polled');
    state.paused = ['erp'];
    expect(await lookAfter(600)).toEqual([]);
  });

  it('tells how far a failing one is behind', async () => {
    const { state, lookAfter } = start();
    state.runs = toRuns('failed', 'failed', 'failed', 'failed', 'failed');
    expect(await lookAfter(0)).toMatchObject([{ subject: 'erp', value: 241, unit: 'seconds' }]);
  });
});
