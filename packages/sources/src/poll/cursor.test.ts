import { type CursorValue, FIRST_CHECKPOINT, type TimestampCheckpoint } from '@sluice/contracts/poll';
import { describe, expect, test } from 'vitest';
import { advance, createTimestampCursor, toRequest } from './cursor.ts';
import type { PageResult } from './cursor-kind.ts';
import { parseCursorValue } from './cursor-value.ts';

const at = (time: string): CursorValue => ({ atMs: Date.parse(`2026-06-01T${time}Z`), form: 'iso' });
const ms = (time: string) => at(time).atMs;
const reached = (time: string): TimestampCheckpoint => ({ point: at(time), run: null });

let pageCount = 0;

function page(result: Partial<PageResult>): PageResult {
  pageCount += 1;
  return {
    ...{
      records: [],
      positions: [],
      count: 1,
      edges: null,
      holds: () => false,
      next: undefined,
      link: undefined,
    },
    ...{ url: new URL('http://erp.test/'), isRepeat: false, visited: new Set() },
    highest: null,
    dateMs: ms('12:00:00'),
    requestedAtMs: ms('12:00:00'),
    fingerprint: `page ${pageCount}`,
    ...result,
  };
}

describe('a request', () => {
  const source = { lookback: 60 };

  test('asks from the beginning at first', () => {
    expect(toRequest(source, FIRST_CHECKPOINT)).toMatchObject({ page: 1, from: null });
  });

  test('reads the lookback again', () => {
    expect(toRequest(source, reached('12:00:00'))).toMatchObject({ page: 1, from: at('11:59:00') });
  });

  test('resumes at the first page that was not finished', () => {
    const run = { nextPage: 3, highest: null, asOfMs: 0, fingerprint: '' };
    expect(toRequest(source, { point: at('12:00:00'), run }).page).toBe(3);
  });
});

describe('the checkpoint', () => {
  const single = {};
  const paged = { pageParam: 'page' };

  test('moves to the highest value seen', () => {
    const { checkpoint, done } = advance(single, reached('11:00:00'), page({ highest: at('11:30:00') }));
    expect([checkpoint, done]).toEqual([reached('11:30:00'), true]);
  });

  test("never runs ahead of the source's own clock", () => {
    const { checkpoint } = advance(single, reached('11:00:00'), page({ highest: at('23:00:00') }));
    expect(checkpoint).toEqual(reached('12:00:00'));
  });

  test('falls back on our own clock when the source shows none', () => {
    const result = page({ highest: at('23:00:00'), dateMs: null, requestedAtMs: ms('12:00:05') });
    expect(advance(single, FIRST_CHECKPOINT, result).checkpoint).toEqual(reached('12:00:05'));
  });

  test('does not go back for lower values or an empty page', () => {
    for (const highest of [at('10:00:00'), null]) {
      expect(advance(single, reached('11:00:00'), page({ highest })).checkpoint).toEqual(reached('11:00:00'));
    }
  });

  test("goes back with the source's clock, whose new records would be missed else", () => {
    const result = page({ dateMs: ms('09:00:00') });
    expect(advance(single, reached('11:00:00'), result).checkpoint).toEqual(reached('09:00:00'));
  });

  test('stays where it is until the last page, because records need not be in order', () => {
    const first = advance(paged, reached('11:00:00'), page({ highest: at('11:50:00') }));
    expect(first).toMatchObject({ done: false, checkpoint: { point: at('11:00:00'), run: { nextPage: 2 } } });
    const second = advance(paged, first.checkpoint, page({ highest: at('11:20:00') }));
    expect(second).toMatchObject({ done: false, checkpoint: { run: { nextPage: 3 } } });
    const last = advance(paged, second.checkpoint, page({ count: 0 }));
    expect(last).toEqual({ done: true, checkpoint: reached('11:50:00') });
  });

  test('is held to the earliest time of the run, in which later changes may have been missed', () => {
    const first = advance(paged, FIRST_CHECKPOINT, page({ dateMs: ms('11:59:00'), highest: at('11:00:00') }));
    const second = advance(paged, first.checkpoint, page({ highest: at('11:59:30') }));
    const last = advance(paged, second.checkpoint, page({ count: 0 }));
    expect(last.checkpoint).toEqual(reached('11:59:00'));
  });

  test('is not led ahead by a clock of the source that is ahead of ours', () => {
    const result = page({ highest: at('23:00:00'), dateMs: ms('22:00:00') });
    expect(advance(single, reached('11:00:00'), result).checkpoint).toEqual(reached('12:00:00'));
  });

  test('a page that repeats the one before ends the run', () => {
    const first = advance(paged, FIRST_CHECKPOINT, page({ fingerprint: 'same', highest: at('11:00:00') }));
    const second = advance(paged, first.checkpoint, page({ fingerprint: 'same', highest: at('11:00:00') }));
    expect(second).toEqual({ done: true, checkpoint: reached('11:00:00') });
  });
});

test('a source whose records have no time is told of', () => {
  const cursor = createTimestampCursor(
    { url: 'http://erp.test/', pageSize: 50 },
    { kind: 'timestamp', param: 'since', path: 'changed', lookback: 60 },
  );
  const step = cursor.advance(FIRST_CHECKPOINT, page({ count: 3 }));
  expect(step).toMatchObject({ done: true, problem: 'No record has a time at changed.' });
  expect(cursor.advance(FIRST_CHECKPOINT, page({ count: 0 })).problem).toBeUndefined();
});

test('a point that was stored before its form was known is written like what was seen last', () => {
  const stored: TimestampCheckpoint = { point: { atMs: ms('11:00:00'), form: 'millis' }, run: null };
  const highest = parseCursorValue('1780311000123456') ?? null;
  expect(advance({}, stored, page({ highest })).checkpoint.point).toEqual({
    ...{ atMs: ms('11:00:00'), form: 'millis', pattern: 'micros' },
  });
});
