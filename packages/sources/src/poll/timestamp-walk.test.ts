import { FIRST_CHECKPOINT, type PollCheckpoint } from '@sluice/contracts/poll';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTimestampCursor } from './cursor.ts';
import type { PageResult, Step } from './cursor-kind.ts';
import { type Page, readRecords } from './records.ts';
import { StuckError } from './timestamp-walk.ts';

const cursor = { kind: 'timestamp', param: 'since', path: 'at', lookback: 60 } as const;
const declared = { url: 'http://erp.test/', limitParam: 'limit', pageSize: 4 };
const BEGIN_MS = Date.parse('2026-06-01T00:00:00Z');
const NOW_MS = Date.parse('2026-06-09T00:00:00Z');

type Row = { readonly id: number; readonly atMs: number };

/** A source without pages: how it filters, and the most that it gives at once, whatever it is asked for. */
type Fake = {
  readonly rows: readonly Row[];
  readonly inclusive?: boolean;
  readonly grants?: number;
  /** Refuses to be asked for more than this. */
  readonly allows?: number;
  /** Cuts what it is asked from down to so many ms. */
  readonly grainMs?: number;
  /** Writes so many characters of a time. */
  readonly shown?: number;
};

function ask(fake: Fake, url: URL): Page | 'refused' {
  const { inclusive = true, grants = Infinity, allows = Infinity, grainMs = 1, shown = 24 } = fake;
  const since = url.searchParams.get('since');
  const limit = Number(url.searchParams.get('limit'));
  if (limit > allows) return 'refused';
  const fromMs = since === null ? -1 : Math.floor(Date.parse(since) / grainMs) * grainMs;
  const found = fake.rows
    .filter(({ atMs }) => (inclusive ? atMs >= fromMs : atMs > fromMs))
    .toSorted((left, right) => left.atMs - right.atMs)
    .slice(0, Math.min(limit, grants));
  const items = found.map(({ id, atMs }) => ({ id, at: toShown(new Date(atMs), shown) }));
  const shape = { format: 'json', delimiter: ',', recordsPath: '', idPath: 'id', cursor } as const;
  return readRecords(JSON.stringify(items), shape);
}

function toShown(at: Date, length: number): string {
  const text = at.toISOString().slice(0, length);
  return text.endsWith('Z') || length === 10 ? text : `${text}Z`;
}

function toResult(page: Page, url: URL): PageResult {
  const times = { dateMs: NOW_MS, requestedAtMs: NOW_MS };
  return { ...page, ...times, url, link: undefined, isRepeat: false, visited: new Set() };
}

/** Reads a source as a run does, from a checkpoint on. */
function run(fake: Fake, start: PollCheckpoint, source = declared) {
  const timed = createTimestampCursor(source, cursor);
  const seen = new Set<string>();
  const problems: string[] = [];
  let checkpoint = start;
  let asked = 0;

  function read(url: URL): Page | 'refused' {
    asked += 1;
    if (asked > 500) throw new Error('It does not end.');
    const page = ask(fake, url);
    if (page !== 'refused') for (const { id } of page.records) seen.add(id);
    return page;
  }

  function step(): Step {
    const url = timed.toUrl(checkpoint);
    const page = read(url);
    if (page === 'refused') {
      const refused = timed.toRefused?.(checkpoint) ?? expect.fail('It was refused.');
      checkpoint = refused.checkpoint;
      throw refused.error;
    }
    const result = toResult(page, url);
    let probe = timed.toProbe(checkpoint, result);
    while (probe !== null) {
      const behind = read(probe.url);
      if (behind === 'refused') throw new Error('A probe was refused.');
      const verdict = probe.judge(behind);
      if (verdict === 'ok') break;
      if (typeof verdict === 'string') throw new Error(`A walk is never ${verdict}.`);
      if (!('judge' in verdict)) return verdict;
      probe = verdict;
    }
    return timed.advance(checkpoint, result);
  }

  try {
    for (let done = false; !done; ) {
      const next = step();
      if (next.problem !== undefined) problems.push(next.problem);
      ({ checkpoint, done } = next);
    }
    return { checkpoint, seen, problems, asked, error: undefined };
  } catch (error) {
    if (!(error instanceof StuckError)) throw error;
    return { checkpoint, seen, problems, asked, error };
  }
}

/** Makes records at these seconds after the beginning. */
function at(...seconds: readonly number[]): Row[] {
  return seconds.map((second, id) => ({ id, atMs: BEGIN_MS + second * 1000 }));
}

const many = (count: number, second: number) => at(...Array.from({ length: count }, () => second));

describe('a source that tells how much it gives at once', () => {
  test.each([true, false])('is read to its end in one run, whether since is inclusive: %s', (inclusive) => {
    const rows = at(...Array.from({ length: 50 }, (_, index) => Math.floor(index / 3)));
    const { seen, problems, checkpoint } = run({ rows, inclusive }, FIRST_CHECKPOINT);
    expect(seen.size).toBe(50);
    expect(problems).toEqual([]);
    expect(checkpoint).toMatchObject({ point: { atMs: BEGIN_MS + 16_000 }, run: null });
  });

  test('is asked twice where nothing is new, and once where it is empty', () => {
    const reached: PollCheckpoint = { point: { atMs: BEGIN_MS + 60_000, form: 'iso' }, run: null };
    expect(run({ rows: at(30, 60) }, reached)).toMatchObject({ asked: 2, checkpoint: reached });
    expect(run({ rows: at() }, reached)).toMatchObject({ asked: 1, checkpoint: reached });
  });

  test.each([24, 22, 19, 16, 10])('is asked for a step of what it shows of times: %s characters', (shown) => {
    const rows = at(100_000);
    const { seen, problems, asked } = run({ rows, shown }, FIRST_CHECKPOINT);
    expect([seen.size, problems, asked]).toEqual([1, [], 3]);
  });

  test('is asked for more at once where more than that have the same time', () => {
    const rows = [...many(30, 5), ...at(6, 7, 8).map((row) => ({ ...row, id: row.id + 100 }))];
    expect(run({ rows }, FIRST_CHECKPOINT)).toMatchObject({ problems: [], checkpoint: { run: null } });
    expect(run({ rows }, FIRST_CHECKPOINT).seen.size).toBe(33);
    expect(run({ rows: many(30, 5) }, FIRST_CHECKPOINT).seen.size).toBe(30);
  });

  test('is asked for more at once where more than that lie within the lookback', () => {
    const rows = at(...Array.from({ length: 20 }, (_, index) => index / 1000));
    const reached: PollCheckpoint = { point: { atMs: BEGIN_MS + 19, form: 'iso' }, run: null };
    expect(run({ rows, grainMs: 1000 }, reached)).toMatchObject({ checkpoint: reached, error: undefined });
  });

  test.each([
    ['gives no more at once', { grants: 4 }],
    ['gives less at once than it is asked for', { grants: 3 }],
    ['refuses to be asked for more', { allows: 4 }],
  ])('is told to be stuck when it %s', (_name, limits) => {
    const rows = [...many(10, 5), { id: 99, atMs: BEGIN_MS + 9000 }];
    const { error, checkpoint } = run({ rows, ...limits }, FIRST_CHECKPOINT);
    expect(error?.message).toMatch(/^Stuck at 2026-06-01T00:00:05\.000Z: .* pageParam/);
    // Not silently, and not for ever: once they have got other times, the next run goes on.
    const moved = rows.map((row, index) => ({ ...row, atMs: row.atMs + index }));
    const next = run({ rows: moved, ...limits }, checkpoint);
    expect([next.error, next.seen.has('99')]).toEqual([undefined, true]);
  });

  test('is told to be stuck when it asks from the whole day on and gives less at once than that holds', () => {
    const rows = [...at(0, 1, 2, 3, 4), { id: 99, atMs: BEGIN_MS + 2 * 86_400_000 }];
    const reached: PollCheckpoint = { point: { atMs: BEGIN_MS + 7_200_000, form: 'iso' }, run: null };
    const { error } = run({ rows, grants: 3, grainMs: 86_400_000 }, reached);
    expect(error?.message).toMatch(/^Stuck/);
  });

  test('is not told to be stuck, but in doubt, when exactly as many as it gives are its newest', () => {
    const { error, problems } = run({ rows: many(4, 5) }, FIRST_CHECKPOINT);
    expect([error, problems]).toEqual([undefined, [expect.stringContaining('is not known')]]);
  });

  test('is told to be stuck when no time can be read', () => {
    const rows = Array.from({ length: 10_000 }, (_, id) => ({ id, atMs: BEGIN_MS }));
    const timeless = createTimestampCursor({ ...declared, pageSize: 5000 }, { ...cursor, path: 'changed' });
    const shape = { format: 'json', delimiter: ',', recordsPath: '', idPath: 'id' } as const;
    const read = (limit: number) =>
      readRecords(JSON.stringify(rows.slice(0, limit)), { ...shape, cursor: { ...cursor, path: 'changed' } });
    expect(() => {
      let checkpoint: PollCheckpoint = FIRST_CHECKPOINT;
      for (let done = false; !done; ) {
        const url = timeless.toUrl(checkpoint);
        const result = toResult(read(Number(url.searchParams.get('limit'))), url);
        ({ checkpoint, done } = timeless.advance(checkpoint, result));
      }
    }).toThrow('Stuck without a time');
  });

  test('is refused when times fall, because what is hidden behind an answer could be older', () => {
    const timed = createTimestampCursor(declared, cursor);
    const url = timed.toUrl(FIRST_CHECKPOINT);
    const page = ask({ rows: at(1, 2) }, url);
    if (page === 'refused') throw new Error('It was refused.');
    const falling = toResult({ ...page, records: page.records.toReversed() }, url);
    expect(() => timed.advance(FIRST_CHECKPOINT, falling)).toThrow('The times do not rise');
    const paged = createTimestampCursor({ ...declared, pageParam: 'page' }, cursor);
    expect(paged.advance(FIRST_CHECKPOINT, falling).done).toBe(false);
  });

  test('goes on where a run broke off, unless its declaration was changed', () => {
    const timed = createTimestampCursor(declared, cursor);
    const url = timed.toUrl(FIRST_CHECKPOINT);
    const page = ask({ rows: at(1, 2, 3, 4, 5) }, url);
    if (page === 'refused') throw new Error('It was refused.');
    const { checkpoint } = timed.advance(FIRST_CHECKPOINT, toResult(page, url));
    expect(timed.toUrl(checkpoint).searchParams.get('since')).toBe('2026-06-01T00:00:03.999Z');
    expect(timed.describe(checkpoint)).toBe('the beginning, on to 2026-06-01T00:00:04.000Z');
    for (const changed of [
      { ...declared, pageParam: 'page' },
      { url: declared.url, pageSize: 4 },
    ]) {
      expect(createTimestampCursor(changed, cursor).toUrl(checkpoint).searchParams.has('since')).toBe(false);
    }
  });
});

test('nothing is passed over in silence for longer than it is the newest', () => {
  const limit = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined });
  const seconds = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 60 });
  fc.assert(
    fc.property(
      fc.record({
        seconds,
        // Within a second or two, or for longer than the lookback.
        scale: fc.constantFrom(0.25, 60),
        inclusive: fc.boolean(),
        grants: limit,
        allows: limit.map((allows) => (allows === undefined ? undefined : allows + 3)),
        grainMs: fc.constantFrom(1, 250, 1000, 86_400_000),
        shown: fc.constantFrom(24, 22, 19, 16, 10),
      }),
      ({ seconds, scale, grants, allows, ...more }) => {
        const fake = { ...more, ...(grants && { grants }), ...(allows && { allows }) };
        const rows = at(...seconds.map((second) => second * scale));
        const first = run({ ...fake, rows }, FIRST_CHECKPOINT);
        const later = { id: rows.length, atMs: BEGIN_MS + 3 * 86_400_000 };
        const second = run({ ...fake, rows: [...rows, later] }, first.checkpoint);
        const isTold = second.error !== undefined || second.problems.length > 0;
        return new Set([...first.seen, ...second.seen]).size === rows.length + 1 || isTold;
      },
    ),
    { numRuns: 500 },
  );
});
