import { FIRST_CHECKPOINT, type LinkCheckpoint } from '@sluice/contracts/poll';
import { describe, expect, test } from 'vitest';
import type { PageResult } from './cursor-kind.ts';
import { createLinkCursor } from './link-cursor.ts';
import { readNextLink } from './link-header.ts';
import { EMPTY_PAGE } from './records.ts';

const url = 'http://me:hunter2@erp.test/feed?key=hunter3';
const links = createLinkCursor({ url, pageSize: 50 }, { kind: 'link' });

function page(result: Partial<PageResult>): PageResult {
  return {
    ...{ ...EMPTY_PAGE, count: 1, url: new URL(url), link: undefined, dateMs: null, requestedAtMs: 0 },
    ...{ isRepeat: false, visited: new Set([url]), ...result },
  };
}

test('follows the next address, relative ones too, and stores no credentials', () => {
  const { checkpoint, done } = links.advance(FIRST_CHECKPOINT, page({ link: '?after=7&key=hunter3' }));
  expect([checkpoint, done]).toEqual([
    { kind: 'link', at: 'http://erp.test/feed?after=7&key=hunter3' },
    false,
  ]);
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
  const newest = createLinkCursor({ url, pageSize: 50 }, { kind: 'link', resume: 'first' });
  expect(newest.advance(at, page({}))).toEqual({ checkpoint: { kind: 'link', at: null }, done: true });
});

test('ends a circle, and a chain of empty pages', () => {
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
  const empty = page({ count: 0, link: '?after=8' });
  const first = links.advance(at, empty);
  expect(first).toMatchObject({ done: false, checkpoint: { empty: true } });
  expect(links.advance(first.checkpoint, page({ count: 0, link: '?after=9' })).done).toBe(true);
});

test('an address of another origin, from before the declaration changed, is the beginning', () => {
  expect(links.toUrl({ kind: 'link', at: 'http://old.test/x' }).href).toBe(url);
});

describe('a Link header', () => {
  test.each([
    ['<https://a.test/?page=2>; rel="next"', 'https://a.test/?page=2'],
    ['</1>; rel="prev", </3>; title="a, b; rel=x"; rel="last next"', '/3'],
    ['</3>; REL=Next', '/3'],
    ['</3>; rel=prev; rel=next', undefined],
    ['</3>', undefined],
    ['</3>; rel="next', undefined],
    ['rel="next"', undefined],
    [undefined, undefined],
  ])('%s names %s', (header, next) => {
    expect(readNextLink(header)).toBe(next);
  });

  test('that is long and hostile is read at once', () => {
    expect(readNextLink(`<x>${' ;'.repeat(5000)}`)).toBeUndefined();
    expect(readNextLink('<x>;a='.repeat(3000))).toBeUndefined();
  });
});
