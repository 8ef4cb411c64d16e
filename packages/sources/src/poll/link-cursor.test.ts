import {
  checkpointSchema,
  FIRST_CHECKPOINT,
  type LinkCheckpoint,
  type PollCheckpoint,
} from '@sluice/contracts/poll';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PageResult, Step } from './cursor-kind.ts';
import { createLinkCursor } from './link-cursor.ts';
import { EMPTY_PAGE } from './records.ts';

const url = 'http://me:hunter2@erp.test/feed?key=hunter3';
const own = 'http://erp.test/feed';
const links = createLinkCursor({ url, pageSize: 50 }, { kind: 'link' });

function page(result: Partial<PageResult>): PageResult {
  return {
    ...{ ...EMPTY_PAGE, count: 1, url: new URL(url), link: undefined, dateMs: null, requestedAtMs: 0 },
    ...{ isRepeat: false, visited: new Set([url]), ...result },
  };
}

/** Reads pages as a run does, as many as `maxPages` at most. */
function walk(
  start: PollCheckpoint,
  maxPages: number,
  ask: (address: URL) => Pick<PageResult, 'count' | 'link'>,
) {
  const visited = new Set<string>();
  const problems: string[] = [];
  let step: Step = { checkpoint: start, done: false };
  while (!step.done && visited.size < maxPages) {
    const address = links.toUrl(step.checkpoint);
    visited.add(address.href);
    step = links.advance(step.checkpoint, page({ ...ask(address), url: address, visited }));
    if (step.problem !== undefined) problems.push(step.problem);
  }
  return { checkpoint: step.checkpoint, problems, pageCount: visited.size };
}

type Shown = { readonly next: string; readonly count: number; readonly isLast: boolean };

/** Adds a record behind those that are there, `gap` pages further on; a page holds `size` at most. */
function addRecord(pages: number[], gap: number, size: number): void {
  const last = pages.length - 1;
  const number = Math.max(0, (pages[last] ?? 0) < size ? last + gap : last + 1);
  while (pages.length <= number) pages.push(0);
  pages[number] = (pages[number] ?? 0) + 1;
}

test('follows the next address, relative ones too, and stores no credentials', () => {
  const { checkpoint, done } = links.advance(FIRST_CHECKPOINT, page({ link: '?after=7&key=hunter3' }));
  expect([checkpoint, done]).toEqual([
    expect.objectContaining({ kind: 'link', at: 'http://erp.test/feed?after=7&key=hunter3' }),
    false,
  ]);
  expect(JSON.stringify(checkpoint)).not.toContain('hunter2');
  expect(links.toUrl(checkpoint).href).toBe('http://me:hunter2@erp.test/feed?after=7&key=hunter3');
  expect(links.describe(checkpoint)).toBe('/feed?after=7');
});

test.each([
  'http://other.test/',
  'https://erp.test/',
  'http://erp.test:81/',
  '//169.254.169.254/',
  'file:///etc/passwd',
  'http://',
])('refuses %s', (link) => {
  expect(() => links.advance(FIRST_CHECKPOINT, page({ link }))).toThrow('same origin');
});

test('reads the last page again, or the first when the source says so', () => {
  const at: LinkCheckpoint = { kind: 'link', at: 'http://erp.test/feed?after=7' };
  expect(links.advance(at, page({}))).toEqual({ checkpoint: at, done: true });
  const ofTwo = ({ search }: URL) => ({ count: 1, link: search === '?after=7' ? undefined : '?after=7' });
  expect(walk(FIRST_CHECKPOINT, 9, ofTwo)).toEqual({ checkpoint: at, problems: [], pageCount: 2 });
  const newest = createLinkCursor({ url, pageSize: 50 }, { kind: 'link', resume: 'first' });
  expect(newest.advance(at, page({}))).toEqual({ checkpoint: { kind: 'link', at: null }, done: true });
});

test('ends a circle', () => {
  expect(links.advance(FIRST_CHECKPOINT, page({ link: url }))).toEqual({
    checkpoint: { kind: 'link', at: null },
    done: true,
  });
  const at: LinkCheckpoint = { kind: 'link', at: 'http://erp.test/feed?after=7' };
  const back = page({ url: links.toUrl(at), link: '/feed?key=hunter3' });
  expect(links.advance(at, back)).toMatchObject({
    done: true,
    problem: expect.stringContaining('leads back'),
  });
});

test('an address of another origin, from before the declaration changed, is the beginning', () => {
  expect(links.toUrl({ kind: 'link', at: 'http://old.test/x' }).href).toBe(url);
});

describe('a source that names a next address before anything is there', () => {
  /** Reads the rows of a source in pages of ten, and returns where the next run begins with the rows it read. */
  function run(start: PollCheckpoint, rowCount: number, maxPages = 1000) {
    const rows = new Set<number>();
    const walked = walk(start, maxPages, (address) => {
      const offset = Number(address.searchParams.get('offset') ?? 0);
      const found = Array.from({ length: rowCount }, (_, row) => row).slice(offset, offset + 10);
      for (const row of found) rows.add(row);
      return { count: found.length, link: `?offset=${offset + 10}` };
    });
    return { ...walked, rows: [...rows] };
  }

  test('has rows read that fill its last page, and those behind', () => {
    let { checkpoint, rows } = run(FIRST_CHECKPOINT, 5);
    expect(rows).toHaveLength(5);
    for (let runs = 0; runs < 5; runs += 1) ({ checkpoint } = run(checkpoint, 5));
    ({ checkpoint, rows } = run(checkpoint, 14));
    expect(rows).toHaveLength(14);
    ({ checkpoint } = run(checkpoint, 14));
    expect(links.describe(checkpoint)).toBe('/feed?offset=10');
    expect(run(checkpoint, 14).rows).toEqual([10, 11, 12, 13]);
  });

  test('has rows read that came while a run was cut off', () => {
    const cut = run(FIRST_CHECKPOINT, 5, 2);
    expect(links.describe(cut.checkpoint)).toBe('/feed?offset=20');
    const resumed = run(cut.checkpoint, 25);
    expect(resumed.rows).toEqual([20, 21, 22, 23, 24]);
    expect(run(resumed.checkpoint, 25).rows).toHaveLength(25);
  });

  /** A source that held something on the first day and after a gap of `gap` days, and names days without end. */
  const ofDays = (gap: number) => (address: URL) => {
    const day = Number(address.searchParams.get('day') ?? 0);
    return { count: day === 0 || day === gap + 1 ? 1 : 0, link: `?day=${day + 1}` };
  };

  test('is left after 500 answers without records, then after ten, and each run says so', () => {
    const first = walk(FIRST_CHECKPOINT, 2000, ofDays(499));
    expect(first.checkpoint).toMatchObject({ at: null, until: `${own}?day=500` });
    expect(first.pageCount).toBe(1001);
    const second = walk(first.checkpoint, 1000, ofDays(499));
    expect(second.pageCount).toBe(11);
    expect([...first.problems, ...second.problems]).toEqual([
      expect.stringContaining('500 answers in a row held no records'),
      expect.stringContaining('10 answers in a row held no records'),
    ]);
    expect(walk(second.checkpoint, 1000, ofDays(9)).checkpoint).toMatchObject({ until: `${own}?day=10` });
    expect(walk(FIRST_CHECKPOINT, 1000, ofDays(500)).checkpoint).not.toHaveProperty('until');
  });

  test('is no longer left so soon once it had an end', () => {
    const { checkpoint } = walk(FIRST_CHECKPOINT, 1000, ofDays(0));
    expect(checkpoint).toMatchObject({ endless: true });
    const ended = walk(checkpoint, 1000, () => ({ count: 1, link: undefined }));
    expect(ended.checkpoint).not.toHaveProperty('endless');
  });

  test('is read from where it stands when that was stored by an earlier build', () => {
    const stored = checkpointSchema.parse({ kind: 'link', at: `${own}?offset=10`, empty: true });
    const { checkpoint, rows } = run(stored, 14);
    expect(rows).toEqual([10, 11, 12, 13]);
    expect(links.describe(run(stored, 5).checkpoint)).toBe('/feed?offset=10');
    expect(run(checkpoint, 25).rows).toHaveLength(15);
  });

  /** Pages that hold three records and fill in turn, and days, which hold any number and may hold none. */
  const OFFSETS = { size: 3, longestGap: 0 };
  const DAYS = { size: Number.POSITIVE_INFINITY, longestGap: 9 };
  test.each([
    ['always', OFFSETS, ({ next }: Shown) => next],
    ['always', DAYS, ({ next }: Shown) => next],
    ['but for an empty page', OFFSETS, ({ next, count }: Shown) => (count > 0 ? next : undefined)],
    ['which is its own if empty', OFFSETS, ({ next, count }: Shown) => (count > 0 ? next : '')],
    ['when there is more', OFFSETS, ({ next, isLast }: Shown) => (isLast ? undefined : next)],
    ['when there is more', DAYS, ({ next, isLast }: Shown) => (isLast ? undefined : next)],
  ])(
    'is read whole, whenever records come and runs are cut off: it names one %s (%j)',
    (_name, shape, toLink) => {
      const arrivals = fc.array(fc.array(fc.nat({ max: shape.longestGap }), { maxLength: 12 }), {
        maxLength: 40,
      });
      const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 8 });
      fc.assert(
        fc.property(arrivals, lengths, (arriving, pageCounts) => {
          const pages: number[] = [];
          const read: number[] = [];
          const coming = arriving.values();
          const ask = (address: URL) => {
            for (const gap of coming.next().value ?? []) addRecord(pages, gap, shape.size);
            const number = Number(address.searchParams.get('n') ?? 0);
            const count = pages[number] ?? 0;
            read[number] = count;
            const shown = { next: `?n=${number + 1}`, count, isLast: number >= pages.length - 1 };
            return { count, link: toLink(shown) };
          };
          let checkpoint: PollCheckpoint = FIRST_CHECKPOINT;
          for (const pageCount of pageCounts) ({ checkpoint } = walk(checkpoint, pageCount, ask));
          for (const gap of [...coming].flat()) addRecord(pages, gap, shape.size);
          for (let runs = 0; runs < 3; runs += 1) ({ checkpoint } = walk(checkpoint, 1000, ask));
          expect(Array.from(pages, (_, number) => read[number])).toEqual(pages);
          // Once nothing more comes, a run begins with the last page that held records.
          const last = pages.length - 1;
          expect(links.describe(checkpoint)).toBe(last < 1 ? null : `/feed?n=${last}`);
        }),
        { numRuns: 200 },
      );
    },
  );
});
