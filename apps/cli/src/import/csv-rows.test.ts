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

async function write(content: string): Promise<string> {
  const path = join(dir, 'rows.csv');
  await writeFile(path, content);
  return path;
}

async function readAll(
  path: string,
  start = { offset: 0, line: 0 },
  columns: readonly string[] | null = null,
) {
  const seen = { columns };
  const onColumns = (names: readonly string[]): void => {
    seen.columns = names;
  };
  const rows = await Array.fromAsync(readCsvRows({ path, delimiter: ',', columns, onColumns }, start));
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

  it('says in which line a quote is not closed', async () => {
    const path = await write('a,b\n1,2\n3,"4\n5,6\n');
    await expect(readAll(path)).rejects.toThrow(/near line \d+ \(a quote is opened and not closed\)/);
  });

  it('reads the same rows from the end of any row on', async () => {
    const field = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constantFrom('', '"', 'a\nb', 'ü,', '\r\n'),
    );
    const table = fc.array(fc.tuple(field, field), { maxLength: 12 });
    const ending = fc.constantFrom('\n', '\r\n');
    const check = async (values: [string, string][], newline: string, isEnded: boolean): Promise<void> => {
      const lines = values.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
      const path = await write(['a,b', ...lines].join(newline) + (isEnded ? newline : ''));
      const whole = await readAll(path);
      expect(whole.rows.map(toValue)).toEqual(values.map(([a, b]) => ({ a, b })));
      for (const [at, { end, line }] of whole.rows.entries()) {
        const rest = await readAll(path, { offset: end, line }, whole.columns);
        expect(rest.rows).toEqual(whole.rows.slice(at + 1));
      }
    };
    await fc.assert(fc.asyncProperty(table, ending, fc.boolean(), check), { numRuns: 60 });
  });
});
