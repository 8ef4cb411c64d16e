import { storedSourceSchema } from '@sluice/contracts/source';
import { describe, expect, it } from 'vitest';
import { createPollRuns, type PollRunEnd } from '../src/poll-runs.ts';
import { createSourceStore } from '../src/sources-store.ts';
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

const toPolled = (id: string) =>
  storedSourceSchema.parse({
    ...{ id, kind: 'poll', url: 'http://erp.test/', schedule: '* * * * * *', idPath: 'id' },
    cursor: { kind: 'page', param: 'page' },
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

  it('of many sources are listed at once, the last ones of each', async () => {
    await createSourceStore(connection).create(toPolled('one'));
    await createSourceStore(connection).create(toPolled('two'));
    await createSourceStore(connection).create(toPolled('none'));
    for (const second of [1, 2, 3]) await runs.end(await runs.begin(toStart('one', second)), toEnd(second));
    await runs.begin(toStart('two', 4));
    const found = await runs.listMany(['one', 'two', 'none', 'unknown'], 2, new Date());
    expect([...found.keys()].toSorted()).toEqual(['none', 'one', 'two']);
    expect(found.get('one')?.map(({ slot }) => slot)).toEqual([3, 2]);
    expect(found.get('two')).toMatchObject([{ slot: 4, outcome: 'running' }]);
    expect(found.get('none')).toEqual([]);
    expect((await runs.listMany([], 2, new Date())).size).toBe(0);
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

  it('are forgotten of every source, though they are polled by turns', async () => {
    const sources = ['first', 'second'];
    for (let second = 1; second <= 60; second += 1) {
      for (const source of sources) await runs.begin(toStart(source, second));
    }
    for (const source of sources) expect((await runs.list(source, 100)).length).toBeLessThanOrEqual(25);
  });

  it('are forgotten also where none of them begins', async () => {
    for (let second = 1; second <= 41; second += 1) {
      await runs.note(toStart('waiting', second), { ...toEnd(second), outcome: 'waiting' });
    }
    expect((await runs.list('waiting', 100)).length).toBeLessThanOrEqual(25);
  });

  it('from before the clock was set back are left out, and push nothing out', async () => {
    await createSourceStore(connection).create(toPolled('set-back'));
    for (let second = 161; second <= 180; second += 1) await runs.begin(toStart('set-back', second));
    for (let second = 1; second <= 21; second += 1) await runs.begin(toStart('set-back', second));
    const late = await runs.listMany(['set-back'], 1, new Date(180_000));
    expect(late.get('set-back')).toMatchObject([{ slot: 180 }]);
    const found = await runs.listMany(['set-back'], 2, new Date(100_000));
    expect(found.get('set-back')?.map(({ slot }) => slot)).toEqual([21, 20]);
  });

  it('are not deleted for their age: a source may be polled once a quarter', async () => {
    const indexes = await connection.db.collection('poll_runs').indexes();
    expect(indexes.filter((index) => 'expireAfterSeconds' in index)).toEqual([]);
  });

  it('keep the last whole one, however many others come after it, and tell when it began', async () => {
    for (const second of [1, 2]) {
      await runs.end(await runs.begin(toStart('broken', second)), toEnd(second));
    }
    for (let second = 3; second <= 62; second += 1) {
      await runs.end(await runs.begin(toStart('broken', second)), { ...toEnd(second), outcome: 'failed' });
    }
    const kept = await runs.list('broken', 100);
    expect(kept.length).toBeLessThanOrEqual(26);
    expect(kept.at(-1)).toMatchObject({ slot: 2, outcome: 'polled' });
    await runs.begin(toStart('never', 1));
    await runs.end(await runs.begin(toStart('fine', 7)), { ...toEnd(8), outcome: 'with-rejections' });
    const whole = await runs.findLastWhole(['broken', 'fine', 'never', 'unknown']);
    expect([...whole].sort()).toEqual([
      ['broken', { outcome: 'polled', startedAt: new Date(2000) }],
      ['fine', { outcome: 'polled', startedAt: new Date(7000) }],
    ]);
  });
});
