import { expect, test } from 'vitest';
import { AnswerError } from './formats/item.ts';
import { readRecords } from './records.ts';

const source = {
  format: 'json',
  delimiter: ',',
  recordsPath: 'data.items',
  idPath: 'id',
  cursor: { kind: 'timestamp', param: 'since', path: 'at', lookback: 0 },
} as const;

const answer = (...items: string[]) => `{"data": {"items": [${items.join(' , ')}]}}`;

test('reads records with id, version, cursor and their own bytes', () => {
  const body = '{"id": "a", "at": "2026-06-01T12:00:00Z",  "amount": 1.0}';
  const { records, problems, highest } = readRecords(answer(body), source);
  const pattern = 'yyyy-MM-ddTHH:mm:ssZ';
  const cursor = { atMs: Date.parse('2026-06-01T12:00:00Z'), form: 'iso', pattern };
  expect(records).toEqual([
    { id: 'a', version: '2026-06-01T12:00:00Z', position: '2026-06-01T12:00:00Z', at: cursor, body },
  ]);
  expect(problems).toEqual([]);
  expect(highest).toEqual(cursor);
});

test('keeps every digit of a large numeric id', () => {
  const { records } = readRecords(answer('{"id":9007199254740993}', '{"id":9007199254740992}'), source);
  expect(records.map(({ id }) => id)).toEqual(['9007199254740993', '9007199254740992']);
});

test('prefers the declared version to the cursor value', () => {
  const item = '{"id":1,"at":5,"rev":{"n":3}}';
  expect(readRecords(answer(item), { ...source, versionPath: 'rev.n' }).records[0]?.version).toBe('3');
  expect(readRecords(answer('{"id":1}'), source).records[0]?.version).toBeUndefined();
});

test('an empty version is none: all records that are not dated yet would be the same', () => {
  expect(readRecords(answer('{"id":1,"at":""}'), source).records[0]?.version).toBeUndefined();
  const item = '{"id":1,"at":5,"rev":""}';
  expect(readRecords(answer(item), { ...source, versionPath: 'rev' }).records[0]?.version).toBe('5');
});

test('reads keys that hold dots, as mappings do', () => {
  const shape = {
    ...{ ...source, recordsPath: 'odata\\.value', idPath: 'order\\.id', versionPath: 'a\\\\b.0' },
    cursor: { ...source.cursor, path: 'meta.changed\\.at' },
  } as const;
  const item = '{"order.id":9007199254740993,"a\\\\b":[1.0],"meta":{"changed.at":"2026-06-01T12:00:00Z"}}';
  const { records, highest } = readRecords(`{"odata.value":[${item}]}`, shape);
  expect(records[0]).toMatchObject({ id: '9007199254740993', version: '1.0', body: item });
  expect(highest?.atMs).toBe(Date.parse('2026-06-01T12:00:00Z'));
});

test('a path that no checked declaration has is told', () => {
  expect(() => readRecords(answer('{}'), { ...source, idPath: 'a..b' })).toThrow(
    new AnswerError('The declared path a..b cannot be read.'),
  );
});

test.each(['__proto__', 'constructor.name', 'data.length', 'n.-1', 'n.01'])(
  'finds nothing at %s',
  (idPath) => {
    const { records } = readRecords(answer('{"data":[1],"n":[1,2]}'), { ...source, idPath });
    expect(records).toEqual([]);
  },
);

test('lists records without an id and takes the others', () => {
  const items = ['{"id":1}', '{}', '{"id":null}', '{"id":""}', '{"id":{}}', '7', '{"id":2}'];
  const { records, problems } = readRecords(answer(...items), source);
  expect(records.map(({ id }) => id)).toEqual(['1', '2']);
  expect(problems.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5]);
  expect(problems[0]?.detail).toBe('no id at id');
});

test('tells where records stand that cannot be taken', () => {
  const items = ['{"at":"2026-06-01T12:00:00Z"}', '{"id":1,"at":"2026-06-01T11:00:00Z"}', '{"at":""}', '{}'];
  const { positions, highest } = readRecords(answer(...items), source);
  expect(positions).toEqual(['2026-06-01T12:00:00Z', '2026-06-01T11:00:00Z']);
  expect(highest?.atMs).toBe(Date.parse('2026-06-01T12:00:00Z'));
});

test('takes the answer itself for the array when no path is given', () => {
  expect(readRecords('[{"id":1}]', { ...source, recordsPath: '' }).records).toHaveLength(1);
});

test.each([
  ['<html>', 'The answer is not valid JSON.'],
  ['', 'The answer is not valid JSON.'],
  ['{"data":{}}', 'data.items in the answer is missing.'],
  ['{"data":{"items":{}}}', 'data.items in the answer is not an array.'],
])('refuses %j as an answer', (text, message) => {
  expect(() => readRecords(text, source)).toThrow(new AnswerError(message));
});

test('names equal pages equally and others differently', () => {
  const fingerprint = (...items: string[]) => readRecords(answer(...items), source).fingerprint;
  expect(fingerprint('{"id":1}')).toBe(fingerprint('{"id":1}'));
  expect(fingerprint('{"id":1}')).not.toBe(fingerprint('{"id":2}'));
});

test('counts records that cannot be taken, so that a page of them is not taken for the end', () => {
  const { count, edges, fingerprint } = readRecords(answer('{}', '7'), source);
  expect(count).toBe(2);
  expect(edges).toHaveLength(2);
  expect(fingerprint).not.toBe(readRecords(answer('{}', '8'), source).fingerprint);
});

test('takes no id for the version of its record, but a cursor value of another field', () => {
  const byId = { ...source, cursor: { kind: 'id', param: 'after', path: 'id' } } as const;
  expect(readRecords(answer('{"id":7}'), byId).records[0]).toMatchObject({
    version: undefined,
    position: '7',
  });
  const bySequence = { ...source, cursor: { ...byId.cursor, path: 'seq' } } as const;
  const { records } = readRecords(answer('{"id":7,"seq":9007199254740993}'), bySequence);
  expect(records[0]).toMatchObject({ version: '9007199254740993', position: '9007199254740993' });
});

test('an id or cursor value that no address could hold is a problem of its record alone', () => {
  const byId = { ...source, cursor: { kind: 'id', param: 'after', path: 'seq' } } as const;
  const long = '9'.repeat(513);
  const items = [
    '{"id":1,"seq":1}',
    `{"id":2,"seq":${long}}`,
    `{"id":"${long}","seq":3}`,
    '{"id":4,"seq":4}',
  ];
  const { records, problems } = readRecords(answer(...items), byId);
  expect(records.map(({ position }) => position)).toEqual(['1', '4']);
  expect(problems).toEqual([
    { index: 1, detail: 'its cursor value has more than 512 characters', body: items[1] },
    { index: 2, detail: 'its id has more than 512 characters', body: items[2] },
  ]);
});
