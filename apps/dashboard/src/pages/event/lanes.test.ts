import type { EventDetail } from '@sluice/contracts/api';
import { expect, it } from 'vitest';
import { foldLanes, toGapHeight, toLanes } from './lanes.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

const ARRIVAL: EventDetail['timeline'] = [
  { at: at(0), step: 'received', detail: 'Received.' },
  { at: at(0), step: 'queued', detail: 'Queued.' },
];

function toDetail(timeline: EventDetail['timeline'], status: EventDetail['status']): EventDetail {
  return { id: 'evt_1', status, raw: null, normalized: null, duplicate: null, timeline };
}

const fail = (attempt: number, code = 'ERR_SIMULATED', outcome: 'failed' | 'dead' = 'failed') => ({
  ...{ at: at(attempt * 4), step: 'attempt' as const, detail: 'It failed.', run: 0, attempt, code, outcome },
});

const draw = (detail: EventDetail) =>
  toLanes(detail).map(
    ({ name, marks }) => `${name}: ${marks.map(({ station, mark }) => `${station} ${mark}`).join(', ')}`,
  );

it('runs through the stations when all is well', () => {
  const timeline: EventDetail['timeline'] = [
    ...ARRIVAL,
    { at: at(1), step: 'attempt', detail: 'Attempt 1 succeeded.', run: 0, attempt: 1, outcome: 'succeeded' },
    { at: at(1), step: 'outcome', detail: 'Became a normalized event.' },
  ];
  const lanes = ['arrival: 0 done, 1 done, 2 done', 'attempt 1: 2 done, 3 done, 4 done'];
  expect(draw(toDetail(timeline, 'normalized'))).toEqual(lanes);
  const synced = [...timeline, { at: at(1), step: 'synced' as const, detail: 'It is on the backup.' }];
  expect(draw(toDetail(synced, 'normalized'))).toEqual([lanes[0], `${lanes[1]}, 5 done`]);
});

it('stops where an attempt stopped, and waits for the next one', () => {
  const timeline: EventDetail['timeline'] = [
    ...ARRIVAL,
    fail(1),
    { at: at(5), step: 'queued', detail: 'The next attempt comes.', dueAt: at(9) },
  ];
  const detail = toDetail(timeline, 'failed');
  expect(draw(detail)).toEqual([
    'arrival: 0 done, 1 done, 2 done',
    'attempt 1: 2 done, 3 done, 4 failed',
    'next attempt: 2 waiting',
  ]);
  expect(toLanes(detail).map(({ gapMs }) => gapMs)).toEqual([0, 4000, 0]);
  expect(draw(toDetail([...ARRIVAL, fail(1, 'ERR_FIELD_REQUIRED', 'dead')], 'dead'))[1]).toBe(
    'attempt 1: 2 done, 3 dead',
  );
});

it('begins a run anew where somebody asked for it', () => {
  const run = Date.UTC(2026, 0, 2);
  const again = { ...fail(1), at: new Date(run + 5).toISOString(), run };
  const lanes = toLanes(toDetail([...ARRIVAL, fail(1), again], 'failed'));
  expect(lanes.map(({ runAt }) => runAt)).toEqual([undefined, undefined, new Date(run).toISOString()]);
});

it('folds what failed in the same way from nine attempts on', () => {
  const attempts = (count: number) => Array.from({ length: count }, (_, index) => fail(index + 1));
  const fold = (count: number) => foldLanes(toLanes(toDetail([...ARRIVAL, ...attempts(count)], 'failed')));
  expect(fold(8)).toHaveLength(9);
  const folded = fold(14);
  expect(folded).toHaveLength(6);
  expect(folded.find((entry) => 'lanes' in entry)).toMatchObject({ lanes: { length: 10 } });
});

it('gives a gap room by its logarithm', () => {
  expect([0, 1000, 10_000, 100_000, 1e12].map(toGapHeight)).toEqual([0, 0, 16, 24, 48]);
});
