import { FIRST_CHECKPOINT, type IdCheckpoint, type PollCheckpoint } from '@sluice/contracts/poll';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PageResult } from './cursor-kind.ts';
import { createIdCursor } from './id-cursor.ts';
import { findIdOrder } from './id-order.ts';
import { readRecords } from './records.ts';
import { StuckError } from './timestamp-walk.ts';

const cursor = { kind: 'id', param: 'after', path: 'id' } as const;
const declared = { url: 'http://erp.test/orders', pageSize: 50 };
const byId = createIdCursor(declared, cursor);

function page(...ids: readonly (string | number)[]): PageResult {
  const text = `[${ids.map((id) => `{"id":${id}}`).join(',')}]`;
  const shape = { format: 'json', delimiter: ',', recordsPath: '', idPath: 'id', cursor } as const;
  return {
    ...readRecords(text, shape),
    ...{ url: new URL(declared.url), link: undefined, dateMs: null, requestedAtMs: 0 },
    ...{ isRepeat: false, visited: new Set() },
  };
}

test.each([
  ['9', '10', -1],
  ['9007199254740993', '9007199254740992', 1],
  ['-2', '-10', 1],
  ['007', '7', 0],
  ['a9', 'a10', 1],
  ['10', 'a', -1],
  ['1.5', '2', -1],
  ['674000000000000000000fff', '674000000000000000001000', -1],
])('%s and %s compare', (left, right, sign) => {
  expect(Math.sign(findIdOrder(undefined, [left, right]).compare(left, right))).toBe(sign);
});

test('numbers are compared as text once another id was seen, in whichever run', () => {
  expect(findIdOrder(true, ['9', '10']).compare('9', '10')).toBeGreaterThan(0);
  const first = byId.advance(FIRST_CHECKPOINT, page('"10"', '"1f"', '"20"'));
  const last = byId.advance(first.checkpoint, page());
  expect(last.checkpoint).toMatchObject({ point: '20', text: true });
  expect(byId.advance(last.checkpoint, page('"20"', '"3"')).checkpoint).toMatchObject({
    run: { highest: '3' },
  });
});

/** Polls a source of these ids, which gives so many at once, until a run brings nothing new; returns what was read. */
function readAll(ids: readonly string[], size: number, compare: (left: string, right: string) => number) {
  const seen = new Set<string>();
  let checkpoint: PollCheckpoint = FIRST_CHECKPOINT;
  for (let before = -1; seen.size > before; ) {
    before = seen.size;
    for (let done = false; !done; ) {
      const after = byId.toUrl(checkpoint).searchParams.get('after');
      const found = ids.filter((id) => after === null || compare(id, after) > 0).slice(0, size);
      for (const id of found) seen.add(id);
      ({ checkpoint, done } = byId.advance(checkpoint, page(...found.map((id) => JSON.stringify(id)))));
    }
  }
  return seen;
}

test('reads every id of a source that orders them as text, digits alone among them', () => {
  const compare = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
  const hex = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 40 });
  const known = ['ffe', 'fff', '1000', '1001', '1002'].map((end) => `674${end.padStart(21, '0')}`);
  expect([...readAll(known, 2, compare)]).toEqual(known);
  fc.assert(
    fc.property(hex, fc.integer({ min: 1, max: 5 }), (numbers, size) => {
      const ids = [...new Set(numbers)].map((number) => number.toString(16).padStart(4, '0')).toSorted();
      expect([...readAll(ids, size, compare)]).toEqual(ids);
    }),
  );
});

test('reads every id of a source that orders them as numbers', () => {
  const compare = (left: string, right: string) => Number(BigInt(left) - BigInt(right));
  const numbers = fc.uniqueArray(fc.bigInt({ min: -200n, max: 2n ** 70n }), { maxLength: 40 });
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 5 }), (found, size) => {
      const ids = found.toSorted((left, right) => (left < right ? -1 : 1)).map(String);
      expect([...readAll(ids, size, compare)]).toEqual(ids);
    }),
  );
});

test('asks above the highest id until an answer brings no higher one', () => {
  expect(byId.toUrl(FIRST_CHECKPOINT).search).toBe('');
  const first = byId.advance(FIRST_CHECKPOINT, page('1', '9007199254740992', '9007199254740993'));
  expect(first.done).toBe(false);
  expect(byId.toUrl(first.checkpoint).search).toBe('?after=9007199254740993');
  const last = byId.advance(first.checkpoint, page());
  expect(last).toMatchObject({ done: true, checkpoint: { point: '9007199254740993', run: null } });
  expect(byId.toUrl(last.checkpoint).search).toBe('?after=9007199254740993');
});

test('a repeated answer ends the run and moves nothing back', () => {
  const reached: IdCheckpoint = { kind: 'id', point: '20', run: null };
  expect(byId.advance(reached, page(5, 6, 20))).toMatchObject({ done: true, checkpoint: { point: '20' } });
});

test('refuses an answer of lower ids alone, behind which others could be hidden', () => {
  const reached: IdCheckpoint = { kind: 'id', point: 'b2', run: null };
  expect(() => byId.advance(reached, page('"C1"', '"C2"'))).toThrow(
    'Asked for what comes after b2, the source gave ids up to C2 alone',
  );
});

/** A page of records that have a sequence number, or none, and no id. */
function nameless(...items: readonly string[]): PageResult {
  const shape = { format: 'ndjson', delimiter: ',', recordsPath: '', idPath: 'id' } as const;
  const answer = readRecords(`${items.join('\n')}\n`, { ...shape, cursor: { ...cursor, path: 'seq' } });
  return { ...page(), ...answer };
}

test('passes a page of records that cannot be taken', () => {
  const bySequence = createIdCursor(
    { ...declared, limitParam: 'limit', pageSize: 2 },
    { ...cursor, path: 'seq' },
  );
  const reached: IdCheckpoint = { kind: 'id', point: '2', run: null };
  const step = bySequence.advance(reached, nameless('{"seq":3}', '{"seq":4}'));
  expect(step.done).toBe(false);
  expect(bySequence.toUrl(step.checkpoint).searchParams.get('after')).toBe('4');
});

test('tells of records of which not even the position can be read, and fails when more may lie behind them', () => {
  const limited = createIdCursor(
    { ...declared, limitParam: 'limit', pageSize: 2 },
    { ...cursor, path: 'seq' },
  );
  const reached: IdCheckpoint = { kind: 'id', point: '2', run: null };
  const advance = (...items: readonly string[]) => limited.advance(reached, nameless(...items));
  expect(() => advance('{}', '7')).toThrow(StuckError);
  expect(() => advance('{}', '7')).toThrow(
    /^Stuck after 2: no record that .* its seq be read, and it may have more. Mend them at the source/,
  );
  expect(advance('{}')).toEqual({
    ...{ done: true, checkpoint: { ...reached, before: '2' } },
    problem: expect.stringMatching(/^Stays after 2: no record/),
  });
});

test('refuses ids that do not rise, behind which a limited answer could hide records', () => {
  expect(() => byId.advance(FIRST_CHECKPOINT, page(7, 6))).toThrow('The ids do not rise: 7 comes before 6.');
  const paged = createIdCursor({ ...declared, pageParam: 'p' }, cursor);
  expect(paged.advance(FIRST_CHECKPOINT, page(7, 6))).toMatchObject({ done: false });
});

test('refuses two records with the same id, between which a limited answer could end', () => {
  const bySequence = createIdCursor(declared, { ...cursor, path: 'seq' });
  const read = (...records: readonly object[]): PageResult => {
    const shape = { format: 'json', delimiter: ',', recordsPath: '', idPath: 'id' } as const;
    return {
      ...page(),
      ...readRecords(JSON.stringify(records), { ...shape, cursor: { ...cursor, path: 'seq' } }),
    };
  };
  const ties = read({ id: 1, seq: 7 }, { id: 2, seq: 7 });
  expect(() => bySequence.advance(FIRST_CHECKPOINT, ties)).toThrow('The ids do not rise: 7 comes before 7.');
  const twice = read({ id: 1, seq: 7 }, { id: 1, seq: 7 });
  expect(bySequence.advance(FIRST_CHECKPOINT, twice).done).toBe(false);
});

test('refuses records without an id at the path, which would be read again for ever', () => {
  const elsewhere = createIdCursor(declared, { ...cursor, path: 'seq' });
  const shape = { format: 'json', delimiter: ',', recordsPath: '', idPath: 'id' } as const;
  const answer = readRecords('[{"id":1},{"id":2}]', { ...shape, cursor: { ...cursor, path: 'seq' } });
  expect(() => elsewhere.advance(FIRST_CHECKPOINT, { ...page(), ...answer })).toThrow(
    'No record has an id at seq.',
  );
});

test('a run that was begun without page numbers begins anew with them', () => {
  const { checkpoint } = byId.advance(FIRST_CHECKPOINT, page(1, 2));
  const paged = createIdCursor({ ...declared, pageParam: 'p' }, cursor);
  expect(paged.toUrl(checkpoint).search).toBe('?p=1');
  const begun = paged.advance(FIRST_CHECKPOINT, page(1, 2));
  expect(paged.toUrl(begun.checkpoint).search).toBe('?p=2');
  expect(byId.toUrl(begun.checkpoint).search).toBe('');
});

test('with a lookback begins below what was known before the last run began', () => {
  const late = createIdCursor(declared, { ...cursor, lookback: 5 });
  const run = (start: PollCheckpoint, ...ids: number[]) =>
    late.advance(late.advance(start, page(...ids)).checkpoint, page()).checkpoint;
  const first = run({ kind: 'id', point: '100', before: '90', run: null }, 101, 110);
  expect(first).toMatchObject({ point: '110', before: '100' });
  expect(late.toUrl(first).search).toBe('?after=95');
});

test('takes the checkpoint of another kind for the beginning', () => {
  expect(byId.toUrl({ kind: 'page', pages: null }).search).toBe('');
  expect(byId.describe({ kind: 'link', at: 'http://erp.test/' })).toBeNull();
});
