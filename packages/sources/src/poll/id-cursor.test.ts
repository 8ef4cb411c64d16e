import { FIRST_CHECKPOINT, type IdCheckpoint, type PollCheckpoint } from '@sluice/contracts/poll';
import { expect, test } from 'vitest';
import type { PageResult } from './cursor-kind.ts';
import { compareIds, createIdCursor } from './id-cursor.ts';
import { readRecords } from './records.ts';

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
  ['1.5', '2', 1],
])('%s and %s compare', (left, right, sign) => {
  expect(Math.sign(compareIds(left, right))).toBe(sign);
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
  expect(byId.advance(reached, page(5, 6))).toMatchObject({ done: true, checkpoint: { point: '20' } });
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
