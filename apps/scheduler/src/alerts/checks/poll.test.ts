import type { PollOutcome, PollRun } from '@sluice/contracts/poll';
import { storedSourceSchema } from '@sluice/contracts/source';
import type { SourceRecord } from '@sluice/store/sources-store';
import { describe, expect, it } from 'vitest';
import { createPollCheck, isFailing } from './poll.ts';

const NOON_MS = Date.UTC(2026, 5, 2, 12);
const DAY_MS = 86_400_000;

/** Makes runs of one source, a minute apart, the newest first and at noon. */
function toRuns(...outcomes: readonly PollOutcome[]): PollRun[] {
  return outcomes.map((outcome, index) => {
    const startedAt = new Date(NOON_MS - index * 60_000);
    return {
      ...{
        source: 'erp',
        scheduler: 'one',
        outcome,
        slot: startedAt.getTime() / 1000,
        startedAt,
        endedAt: null,
      },
      ...{ pages: 0, records: 0, accepted: 0, duplicates: 0, problems: { count: 0, first: [] } },
      ...{ cursorBefore: null, cursorAfter: null, error: null },
    };
  });
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
  /** Looks at a source that is due every minute and was polled at noon; each time as a scheduler that just took over. */
  function start() {
    const source = storedSourceSchema.parse({
      ...{ id: 'erp', kind: 'poll', url: 'http://erp.test/', schedule: '0 * * * * *', idPath: 'id' },
      cursor: { kind: 'page', param: 'page' },
    });
    const record: SourceRecord = {
      ...{ id: 'erp', tenant: 'default', owner: 'file', active: true, paused: false, revision: 1, source },
      ...{ updatedAt: new Date(NOON_MS - DAY_MS), dueSince: new Date(NOON_MS - DAY_MS) },
    };
    const state = { runs: toRuns('polled'), record };
    function lookAt(seconds: number) {
      const check = createPollCheck({
        sources: {
          list: async () => ({
            version: '1',
            sources: [state.record],
            unreadable: [],
            credentialHeaders: [],
          }),
        },
        runs: {
          listMany: async (_sources, _limit, until = new Date(Number.POSITIVE_INFINITY)) =>
            new Map([['erp', state.runs.filter(({ startedAt }) => startedAt <= until)]]),
          findLastWhole: async () => new Map(),
        },
        now: () => NOON_MS + seconds * 1000,
      });
      return check.look();
    }
    return { state, record, lookAt };
  }

  it('finds one that no run begins for, a minute after its slot, whichever scheduler looks', async () => {
    const { state, lookAt } = start();
    expect(await lookAt(1)).toEqual([]);
    expect(await lookAt(119)).toEqual([]);
    const [late] = await lookAt(121);
    expect(late).toMatchObject({ subject: 'erp', value: 61, unit: 'seconds', dashboard: '/sources/erp' });
    expect(late?.text).toContain('should have been polled 61 seconds ago');
    expect(await lookAt(3600)).toMatchObject([{ subject: 'erp', value: 3540 }]);
    state.runs = toRuns('polled').map((run) => ({ ...run, slot: run.slot + 3600 }));
    expect(await lookAt(3601)).toEqual([]);
  });

  it('waits for none that is under way, left alone or paused, or was resumed just now', async () => {
    const { state, record, lookAt } = start();
    for (const outcome of ['running', 'waiting'] as const) {
      state.runs = toRuns(outcome);
      expect(await lookAt(600)).toEqual([]);
    }
    state.runs = toRuns('polled');
    state.record = { ...record, paused: true };
    expect(await lookAt(600)).toEqual([]);
    state.record = { ...record, dueSince: new Date(NOON_MS + 590_000) };
    expect(await lookAt(600)).toEqual([]);
    expect(await lookAt(661)).toMatchObject([{ value: 61 }]);
  });

  it('waits for one that has read everything and asked to be left alone, until that is over', async () => {
    const { state, lookAt } = start();
    const waitingUntil = new Date(NOON_MS + 1_790_000);
    state.runs = toRuns('paused', 'polled').map((run) => {
      return run.outcome === 'polled' ? { ...run, waitingUntil } : run;
    });
    expect(await lookAt(600)).toEqual([]);
    expect(await lookAt(1859)).toEqual([]);
    expect(await lookAt(1861)).toMatchObject([{ value: 61 }]);
  });

  it('finds one that no run begins for after the clock was set back', async () => {
    const { state, lookAt } = start();
    const ahead = toRuns('polled').map((run) => {
      const startedAt = new Date(NOON_MS + 3_600_000);
      return { ...run, startedAt, endedAt: startedAt, slot: startedAt.getTime() / 1000 };
    });
    state.runs = [...ahead, ...toRuns('polled')];
    expect(await lookAt(121)).toMatchObject([{ value: 61 }]);
    expect(await lookAt(3601)).toEqual([]);
  });

  it('tells how far a failing one is behind', async () => {
    const { state, lookAt } = start();
    state.runs = toRuns('failed', 'failed', 'failed', 'failed', 'failed');
    expect(await lookAt(1)).toMatchObject([{ subject: 'erp', value: 241, unit: 'seconds' }]);
  });
});
