/// <reference lib="esnext.array" />
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCsvRows } from './csv-rows.ts';
import type { Row } from './row.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-csv-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function write(content: string | Buffer): Promise<string> {
  const path = join(dir, 'rows.csv');
  await writeFile(path, content);
  return path;
}

async function readAll(
  path: string,
  start = { offset: 0, line: 0 },
  columns: readonly string[] | null = null,
  encoding = 'utf-8',
) {
  const seen = { columns };
  const onColumns = (names: readonly string[]): void => {
    seen.columns = names;
  };
  const rows = await Array.fromAsync(
    readCsvRows({ path, encoding, delimiter: ',', columns, onColumns }, start),
  );
  return { rows, columns: seen.columns };
}

function toValue({ content }: Row): unknown {
  return content.ok ? JSON.parse(content.json.toString()) : content.code;
}

describe('reading CSV', () => {
  it('makes objects of texts, named by the header', async () => {
    const path = await write('\ufeffid,name,,name\r\n1,"a ""b""\nc",x,y\r\n\r\n2,5" pipe,,\r\n');
    const { rows, columns } = await readAll(path);
    expect(columns).toEqual(['id', 'name', 'column_3', 'name_2']);
    expect(rows.map(toValue)).toEqual([
      { id: '1', name: 'a "b"\nc', column_3: 'x', name_2: 'y' },
      { id: '2', name: '5" pipe', column_3: '', name_2: '' },
    ]);
    expect(rows.map(({ line }) => line)).toEqual([3, 5]);
  });

  it('refuses a row with another number of fields, and goes on', async () => {
    const { rows } = await readAll(await write('a,b\n1\n1,2,3\n1,2\n'));
    expect(rows.map(toValue)).toEqual(['ERR_ROW_INVALID', 'ERR_ROW_INVALID', { a: '1', b: '2' }]);
  });

  it('refuses a row whose quote is not closed before a later row has one', async () => {
    const { rows } = await readAll(await write('id,name\n1,"foo\n2,"bar"\n3,x\n4,"""a"\n5,"""b\nc"\n'));
    expect(rows.map(toValue)).toEqual([
      'ERR_ROW_INVALID',
      { id: '3', name: 'x' },
      { id: '4', name: '"a' },
      { id: '5', name: '"b\nc' },
    ]);
  });

  it.each([
    ['a quote that is not closed', 'id,"name\n1,"x"\n', /header of the file has a quote that is not closed/],
    ['the line ends of an old Mac', 'id,name\r1,x\r', /header of the file has a carriage return without/],
  ])('refuses a header with %s', async (_, content, sentence) => {
    await expect(readAll(await write(content))).rejects.toThrow(sentence);
  });

  it.each([
    ['LF before CRLF', 'id,name\n1,x\r\n2,y\r\n'],
    ['CRLF before LF', 'id,name\r\n1,x\n2,y\n'],
  ])('reads line ends that are %s', async (_, content) => {
    const { rows } = await readAll(await write(content));
    expect(rows.map(toValue)).toEqual([
      { id: '1', name: 'x' },
      { id: '2', name: 'y' },
    ]);
  });

  it('says in which line a quote is not closed', async () => {
    const path = await write('a,b\n1,2\n3,"4\n5,6\n');
    await expect(readAll(path)).rejects.toThrow(
      /near line \d+ \(a quote is opened and not closed\)\. Rows before it may have been sent/,
    );
  });

  it.each([
    ['windows-1252', Buffer.from('n,x\n1,M\xfcller \x80\n2,M\xf6ller\n', 'latin1'), ['Müller €', 'Möller']],
    ['iso-8859-15', Buffer.from('n,x\n1,M\xfcller \xa4\n2,M\xf6ller\n', 'latin1'), ['Müller €', 'Möller']],
    ['utf-16be', Buffer.from('\ufeffn,x\n1,ü\n2,𝄞\n', 'utf16le').swap16(), ['ü', '𝄞']],
  ])('reads %s, and goes on in the midst of it', async (encoding, content, names) => {
    const path = await write(content);
    const { rows, columns } = await readAll(path, undefined, null, encoding);
    expect(rows.map(toValue)).toEqual(names.map((x, at) => ({ n: `${at + 1}`, x })));
    expect(rows.at(-1)?.end).toBe(content.length);
    const [first] = rows;
    const start = { offset: first?.end ?? 0, line: first?.line ?? 0 };
    expect((await readAll(path, start, columns, encoding)).rows).toEqual(rows.slice(1));
  });

  it('sends no letter that was replaced: it says where the file is not of its encoding', async () => {
    const path = await write(Buffer.from('id,name\n1,Müller\n', 'latin1'));
    await expect(readAll(path)).rejects.toThrow(
      /rows.csv is not UTF-8 in line 2 \(byte 12\): name its encoding, like --encoding windows-1252/,
    );
  });

  it('reads the same rows from the end of any row on', async () => {
    const field = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constantFrom('', '"', 'a\nb', 'ü,', '\r\n'),
    );
    const table = fc.array(fc.tuple(field, field), { maxLength: 12 });
    const ending = fc.constantFrom('\n', '\r\n');
    const check = async (
      values: [string, string][],
      newline: string,
      isEnded: boolean,
      encoding: 'utf-8' | 'utf-16le',
    ): Promise<void> => {
      const lines = values.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
      const content = ['a,b', ...lines].join(newline) + (isEnded ? newline : '');
      const path = await write(Buffer.from(content, encoding));
      const whole = await readAll(path, undefined, null, encoding);
      expect(whole.rows.map(toValue)).toEqual(values.map(([a, b]) => ({ a, b })));
      for (const [at, { end, line }] of whole.rows.entries()) {
        const rest = await readAll(path, { offset: end, line }, whole.columns, encoding);
        expect(rest.rows).toEqual(whole.rows.slice(at + 1));
      }
    };
    const encodings = fc.constantFrom('utf-8' as const, 'utf-16le' as const);
    await fc.assert(fc.asyncProperty(table, ending, fc.boolean(), encodings, check), { numRuns: 100 });
  });
});
