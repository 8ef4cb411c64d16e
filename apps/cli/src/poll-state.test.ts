import type { PollOutcome } from '@sluice/contracts/poll';
import { expect, test } from 'vitest';
import { toPollState } from './poll-state.ts';

const toRun = (outcome: PollOutcome, error: string | null = null, first: readonly string[] = []) => ({
  outcome,
  error,
  problems: { count: first.length, first },
});

test('a source that was never polled is well', () => {
  expect(toPollState([toRun('running')])).toEqual({ isWell: true, text: 'not polled yet' });
});

test('counts how often a source failed since it last worked', () => {
  const failed = toRun('failed', 'HTTP 500');
  expect(toPollState([toRun('open'), failed, toRun('busy'), failed, toRun('polled'), failed])).toEqual({
    isWell: false,
    text: 'failed 2 times: HTTP 500',
  });
  expect(toPollState([failed, failed]).text).toBe('failed 2 times or more: HTTP 500');
});

test('shows the first record that could not be taken', () => {
  expect(toPollState([toRun('with-rejections', null, ['record 0: no id at nr', 'record 1'])])).toEqual({
    isWell: false,
    text: 'with-rejections, 2 problems: record 0: no id at nr',
  });
  expect(toPollState([toRun('polled')])).toEqual({ isWell: true, text: 'polled' });
});
