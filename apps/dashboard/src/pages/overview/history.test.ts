import { expect, it } from 'vitest';
import { describeMark, toDrawn, toDurationTop } from './history.ts';

const START = Date.UTC(2026, 0, 1);
const iso = (ms: number) => new Date(ms).toISOString();
const gap = (atMs: number) => ({ at: iso(atMs), queue: null, replicationLagMs: null });

it('takes only what was not sampled although its time came for a gap', () => {
  const history = { stepSeconds: 30, buckets: [gap(START), gap(START + 30_000)] };
  expect(toDrawn(history, START + 31_000)).toEqual([gap(START)]);
  expect(toDrawn(history, START + 61_000)).toHaveLength(2);
  const long = { stepSeconds: 900, buckets: [gap(START)] };
  expect([toDrawn(long, START + 29_000).length, toDrawn(long, START + 31_000).length]).toEqual([0, 1]);
});

it('tells what each mark stands for', () => {
  const mark = { at: iso(START), subject: 'shop', revision: 3 };
  expect(describeMark({ ...mark, kind: 'mapping' })).toBe('mapping of shop, revision 3');
  expect(describeMark({ ...mark, kind: 'mapping-retired' })).toBe('mapping of shop retired, revision 3');
  const deploy = { ...mark, kind: 'deploy', subject: '1.2.0', revision: null } as const;
  expect(describeMark({ ...deploy, apps: ['api', 'worker'] })).toBe('version 1.2.0 of api, worker started');
});

it('ends axes at round durations', () => {
  expect([0, 11, 900, 70_000, 90_000_000].map(toDurationTop)).toEqual([10, 20, 1000, 120_000, 172_800_000]);
});
