import { expect, test } from 'vitest';
import { readRecords } from '../records.ts';

const cursor = { kind: 'timestamp', param: 'since', path: 'at', lookback: 0 } as const;
const csv = { format: 'csv', delimiter: ';', recordsPath: '', idPath: 'order.id', cursor } as const;
const ndjson = { ...csv, format: 'ndjson', idPath: 'id' } as const;

test('CSV is read with header, byte order mark, quotes, and line ends inside them', () => {
  const text = '\uFEFForder.id;at;note\r\n7;2026-06-01T12:00:00Z;"a;""b""\r\nc"\r\n\r\n8;;5" pipe\r\n';
  const { records, problems, highest } = readRecords(text, csv);
  expect(records.map(({ id, version, body }) => [id, version, JSON.parse(body)])).toEqual([
    ['7', '2026-06-01T12:00:00Z', { 'order.id': '7', at: '2026-06-01T12:00:00Z', note: 'a;"b"\r\nc' }],
    ['8', undefined, { 'order.id': '8', at: '', note: '5" pipe' }],
  ]);
  expect(problems).toEqual([]);
  expect(highest?.atMs).toBe(Date.parse('2026-06-01T12:00:00Z'));
});

test('a row of CSV that is too short or too long is a problem of its own', () => {
  const { records, problems, count } = readRecords('order.id;at\n1;a\n2\n3;c;d\n4;e\n', csv);
  expect(records.map(({ id }) => id)).toEqual(['1', '4']);
  expect(problems).toEqual([
    { index: 1, detail: 'the row has 1 fields, the header 2', body: '["2"]' },
    { index: 2, detail: 'the row has 3 fields, the header 2', body: '["3","c","d"]' },
  ]);
  expect(count).toBe(4);
});

test.each([
  ['CRLF, then LF', 'order.id;at\r\n1;a\n2;"b"\n'],
  ['LF, then CRLF', 'order.id;at\n1;a\r\n2;"b"\r\n\r\n'],
  ['CRLF and LF by turns', 'order.id;at\r\n1;a\n2;"b"\r\n'],
  ['CR alone', 'order.id;at\r1;a\r2;"b"'],
])('rows of CSV end with any line end: %s', (_name, text) => {
  const { records, problems } = readRecords(text, csv);
  expect(records.map(({ id, version }) => [id, version])).toEqual([
    ['1', 'a'],
    ['2', 'b'],
  ]);
  expect(problems).toEqual([]);
});

test('a quote inside a field says nothing of another field that begins with an escaped one', () => {
  const { records, problems } = readRecords('order.id;at;note\n1;"""x\ny";5" pipe\n', csv);
  expect(problems).toEqual([]);
  expect(records.map(({ body }) => JSON.parse(body))).toEqual([
    { 'order.id': '1', at: '"x\ny', note: '5" pipe' },
  ]);
});

test('a row of CSV whose quote is not closed, and which so holds another, is a problem of its own', () => {
  const text = 'order.id;at;note\n1;t;x\n2;t;"x; y\n3;t;"z"\n4;t;5" pipe\n5;t\n';
  const { records, problems, count } = readRecords(text, csv);
  expect(records.map(({ id }) => id)).toEqual(['1', '4']);
  expect(problems).toEqual([
    {
      index: 1,
      detail: 'a quote in the row is not closed',
      body: JSON.stringify(['2', 't', '"x; y\n3;t;"z"']),
    },
    { index: 3, detail: 'the row has 2 fields, the header 3', body: '["5","t"]' },
  ]);
  expect(count).toBe(4);
});

test.each([
  ['"""Well"" he said\r\nand left"', '"Well" he said\r\nand left'],
  ['"""a""\n""b"""', '"a"\n"b"'],
  ['"a;\n""b"" c"', 'a;\n"b" c'],
  ['""', ''],
  ['"x" y', '"x" y'],
  ['a\rb', 'a\rb'],
])('a field of CSV that is written %j is %j', (written, note) => {
  const { records, problems } = readRecords(`order.id;at;note\n1;t;${written}\n2;t;x\n`, csv);
  expect(records.map(({ body }) => JSON.parse(body).note)).toEqual([note, 'x']);
  expect(problems).toEqual([]);
});

test('columns of CSV without a name, or with that of another, get one', () => {
  const { records } = readRecords('order.id;;at;at;__proto__\n1;2;3;4;5', csv);
  expect(records[0]?.body).toBe('{"order.id":"1","column_2":"2","at":"3","at_2":"4","__proto__":"5"}');
});

test('lines of NDJSON keep their bytes, and one that is no JSON is a problem of its own', () => {
  const { records, problems } = readRecords('{"id":1.0,"at":5}\r\n\r\n{"id":\n {"id":3}', ndjson);
  expect(records.map(({ id, body }) => [id, body])).toEqual([
    ['1.0', '{"id":1.0,"at":5}'],
    ['3', '{"id":3}'],
  ]);
  expect(problems).toEqual([{ index: 1, detail: 'the line is not valid JSON', body: '{"id":' }]);
});

test.each([
  ['a page of HTML', csv, '<html>\n</html>\n', 'no column order.id'],
  ['a header without the cursor', csv, 'order.id;changed\n1;2\n', 'no column at'],
  ['a header without the version', { ...csv, versionPath: 'v.1' }, 'order.id;at\n1;2\n', 'no column v.1'],
  ['a header with an open quote', csv, 'order.id;at;"note\n1;a;"b"\n2;a;b\n', 'a quote that is not closed'],
  ['an open quote', csv, 'order.id;at\n1;"a\n', 'CSV_QUOTE_NOT_CLOSED'],
  ['a page of HTML as NDJSON', ndjson, '<html>\n</html>\n', 'no line of JSON'],
])('%s is refused as a whole', (_name, shape, text, message) => {
  expect(() => readRecords(text, shape)).toThrow(message);
});

test.each([
  [csv, 'order.id;at\n1;a\n2;20'],
  [ndjson, '{"id":1}\n{"id":2'],
])('an answer that only the end of the connection ends must end with a line', (shape, text) => {
  expect(() => readRecords(text, shape, false)).toThrow('cut off');
  expect(readRecords(`${text.slice(0, text.lastIndexOf('\n'))}\n`, shape, false).records).toHaveLength(1);
});

test.each([csv, ndjson])('nothing at all is an answer without records', (shape) => {
  expect(readRecords('', shape)).toMatchObject({ count: 0, edges: null });
});

test.each([
  ['json', { ...ndjson, format: 'json' } as const, `[${'1,'.repeat(50_000)}1]`],
  ['ndjson', ndjson, '1\n'.repeat(50_001)],
  ['csv', csv, `order.id;at\n${'1;2\n'.repeat(50_001)}`],
])('%s with more than 50,000 records is refused before any of them is read', (_name, shape, text) => {
  expect(() => readRecords(text, shape)).toThrow('more than 50000 records');
});

test('JSON with millions of values is refused before it is parsed', () => {
  const shape = { ...ndjson, format: 'json' } as const;
  expect(() => readRecords(`[[${'{},'.repeat(3_000_001)}{}]]`, shape)).toThrow('more than 3000000 values');
});

test('a header of CSV is read in proportion to its length, and has 5,000 columns at most', () => {
  const toText = (count: number) => `order.id;at${';a'.repeat(count - 2)}\n1;2${';x'.repeat(count - 2)}\n`;
  const startMs = performance.now();
  const { records } = readRecords(toText(5000), csv);
  expect(performance.now() - startMs).toBeLessThan(2000);
  expect(records[0]?.body).toContain('"a_4998":"x"');
  expect(() => readRecords(toText(5001), csv)).toThrow('more than 5000 columns');
});

test('rows of CSV that would come to far more as objects are refused', () => {
  const header = Array.from({ length: 1000 }, (_, index) => `column_of_a_long_name_${index}`).join(';');
  const text = `order.id;at;${header}\n${`1;2${';'.repeat(1000)}\n`.repeat(2000)}`;
  expect(() => readRecords(text, csv)).toThrow('too many for so wide a header');
});
