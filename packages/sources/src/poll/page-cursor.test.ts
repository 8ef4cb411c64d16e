import { FIRST_CHECKPOINT, type PollCheckpoint } from '@sluice/contracts/poll';
import { expect, test } from 'vitest';
import type { PageResult } from './cursor-kind.ts';
import { createPageCursor } from './page-cursor.ts';
import { readRecords } from './records.ts';

const cursor = { kind: 'page', param: 'page', first: 1 } as const;
const pages = createPageCursor({ url: 'http://erp.test/', limitParam: 'n', pageSize: 3 }, cursor);

function page(...ids: readonly number[]): PageResult {
  const text = JSON.stringify(ids.map((id) => ({ id })));
  const shape = { format: 'json', delimiter: ',', recordsPath: '', idPath: 'id', cursor } as const;
  return {
    ...readRecords(text, shape),
    ...{ url: new URL('http://erp.test/'), link: undefined, dateMs: null, requestedAtMs: 0 },
    ...{ isRepeat: false, visited: new Set() },
  };
}

/** Reads pages until the run is over. */
function run(start: PollCheckpoint, ...read: readonly PageResult[]): PollCheckpoint {
  let checkpoint = start;
  for (const [index, it] of read.entries()) {
    const step = pages.advance(checkpoint, it);
    expect(step.done).toBe(index === read.length - 1);
    checkpoint = step.checkpoint;
  }
  return checkpoint;
}

const asked = (checkpoint: PollCheckpoint) => pages.toUrl(checkpoint).search;

test('begins with the first page and resumes at the one that was not finished', () => {
  expect(asked(FIRST_CHECKPOINT)).toBe('?page=1&n=3');
  const { checkpoint } = pages.advance(FIRST_CHECKPOINT, page(1, 2, 3));
  expect(asked(checkpoint)).toBe('?page=2&n=3');
});

test('reads the last short page again, and leaves a full one', () => {
  expect(asked(run(FIRST_CHECKPOINT, page(1, 2, 3), page(4), page()))).toBe('?page=2&n=3');
  expect(asked(run(FIRST_CHECKPOINT, page(1, 2, 3), page(4, 5, 6), page()))).toBe('?page=3&n=3');
});

test('goes on from the short page once it is full', () => {
  const resting = run(FIRST_CHECKPOINT, page(1, 2, 3), page(4), page());
  expect(asked(run(resting, page(4, 5, 6), page(7), page()))).toBe('?page=3&n=3');
});

test('looks at the page before again, and begins anew when its records have moved by more than a page', () => {
  const { checkpoint } = pages.advance(FIRST_CHECKPOINT, page(1, 2, 3));
  const probe = pages.toProbe(checkpoint, page(5, 6));
  expect(probe?.url.search).toBe('?page=1&n=3');
  expect(probe?.judge(page(2, 3, 4))).toBe('ok');
  expect(probe?.judge(page(7, 8, 9))).toBe('restart');
  expect(asked(pages.restart(checkpoint))).toBe('?page=1&n=3');
});

test('reads everything again when the short page holds other records', () => {
  const resting = run(FIRST_CHECKPOINT, page(1, 2, 3), page(4, 5), page());
  const step = pages.advance(resting, page(8));
  expect(step).toMatchObject({ done: false, checkpoint: { pages: null } });
  expect(step.problem).toContain('moved');
});

test('takes a page that repeats the one before for the end only if the next one is no other', () => {
  const { checkpoint } = pages.advance(FIRST_CHECKPOINT, page(1, 2, 3));
  const probe = pages.toProbe(checkpoint, page(1, 2, 3));
  expect(probe?.url.search).toBe('?page=3&n=3');
  expect([page(1, 2, 3), page(7)].map((next) => probe?.judge(next))).toEqual(['ok', 'again']);
  // A cache may have given an old answer in the place of the last page.
  const itself = probe?.judge(page());
  if (itself === undefined || typeof itself === 'string' || !('judge' in itself)) throw new Error('No look.');
  expect(itself.url.search).toBe('?page=2&n=3');
  expect([page(1, 2, 3), page(4)].map((own) => itself.judge(own))).toEqual(['ok', 'again']);
});
