import { describe, expect, it } from 'vitest';
import { createPollRuns, type PollRunEnd } from '../src/poll-runs.ts';
import { useDatabase } from './database.ts';

const connection = useDatabase();
const runs = createPollRuns(connection, { kept: 5 });

const toStart = (source: string, second: number) => ({
  ...{ source, slot: second, scheduler: 'scheduler-1', cursorBefore: null },
  startedAt: new Date(second * 1000),
});

const toEnd = (second: number): PollRunEnd => ({
  ...{ outcome: 'polled', pages: 1, records: 3, accepted: 2, duplicates: 1, error: null, cursorAfter: '7' },
  problems: { count: 1, first: ['no id'] },
  endedAt: new Date(second * 1000),
});

describe('poll runs', () => {
  it('are running until they end, newest first', async () => {
    const first = await runs.begin(toStart('erp', 1));
    expect(await runs.list('erp', 10)).toMatchObject([{ outcome: 'running', endedAt: null, records: 0 }]);
    await runs.end(first, toEnd(2));
    await runs.begin(toStart('erp', 3));
    await runs.begin(toStart('other', 4));
    expect(await runs.list('erp', 10)).toEqual([
      expect.objectContaining({ slot: 3, outcome: 'running' }),
      { ...toStart('erp', 1), ...toEnd(2) },
    ]);
    expect(await runs.list('erp', 1)).toHaveLength(1);
  });

  it('have crashed when the next one begins before they ended, and stay so', async () => {
    const dead = await runs.begin(toStart('crashing', 1));
    await runs.begin(toStart('crashing', 2));
    await runs.end(dead, toEnd(3));
    const [alive, crashed] = await runs.list('crashing', 10);
    expect([alive?.outcome, crashed?.outcome]).toEqual(['running', 'crashed']);
    expect(crashed?.endedAt).toEqual(new Date(2000));
  });

  it('are forgotten beyond the last few', async () => {
    for (let second = 1; second <= 41; second += 1) {
      await runs.end(await runs.begin(toStart('busy', second)), toEnd(second));
    }
    expect((await runs.list('busy', 100)).length).toBeLessThanOrEqual(25);
    expect((await runs.list('busy', 1))[0]?.slot).toBe(41);
  });
});
