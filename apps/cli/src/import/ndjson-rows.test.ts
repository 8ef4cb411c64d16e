/// <reference lib="esnext.array" />
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNdjsonRows } from './ndjson-rows.ts';
import { MAX_ROW_BYTES, type Row } from './row.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-ndjson-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function readAll(
  content: string | Buffer,
  start = { offset: 0, line: 0 },
  encoding = 'utf-8',
): Promise<Row[]> {
  const path = join(dir, 'rows.ndjson');
  await writeFile(path, content);
  return Array.fromAsync(readNdjsonRows({ path, encoding }, start));
}

/** Shows a row as its line, its end and its content. */
function toShown({ line, end, content }: Row): [number, number, string] {
  return [line, end, content.ok ? content.json.toString() : content.code];
}

describe('reading NDJSON', () => {
  it('tells the line and the end of each row, skips blank lines and drops a byte order mark', async () => {
    const rows = await readAll('\ufeff{"a":1}\r\n\n  \n"ü"\n3');
    expect(rows.map(toShown)).toEqual([
      [1, 12, '{"a":1}'],
      [4, 21, '"ü"'],
      [5, 22, '3'],
    ]);
  });

  it('goes on after a line that is not JSON, and takes nothing that follows a value for a part of it', async () => {
    const rows = await readAll('{"a":\n1},"source":"other"\n{"b":2}\n');
    expect(rows.map(toShown)).toEqual([
      [1, 6, 'ERR_JSON_INVALID'],
      [2, 26, 'ERR_JSON_INVALID'],
      [3, 34, '{"b":2}'],
    ]);
  });

  it('refuses a line that is too long and keeps only its beginning', async () => {
    const long = Buffer.alloc(MAX_ROW_BYTES * 3, 'x');
    const [first, second] = await readAll(Buffer.concat([Buffer.from('"'), long, Buffer.from('"\n1\n')]));
    expect(first?.content).toMatchObject({ ok: false, code: 'ERR_BODY_TOO_LARGE' });
    expect(first?.content.ok === false && first.content.text.length).toBe(4096);
    expect(second && toShown(second)).toEqual([2, long.length + 5, '1']);
  });

  it('reads the same rows from the end of any row on', async () => {
    const content = '{"a":"ä"}\n\n{"b":\n[1,2]\r\n"last"';
    const whole = await readAll(content);
    for (const [at, { end, line }] of whole.entries()) {
      expect(await readAll(content, { offset: end, line })).toEqual(whole.slice(at + 1));
    }
  });

  it('refuses a line that is not UTF-8, and goes on', async () => {
    const rows = await readAll(Buffer.from('{"a":"ü"}\n2\n', 'latin1'));
    expect(rows.map(toShown)).toEqual([
      [1, 10, 'ERR_UNICODE_INVALID'],
      [2, 12, '2'],
    ]);
  });

  it('reads UTF-16 as UTF-8, and tells its places in the file', async () => {
    const rows = await readAll(Buffer.from('\ufeff"ü"\r\n\n"𝄞"\n', 'utf16le'), undefined, 'utf-16le');
    expect(rows.map(toShown)).toEqual([
      [1, 12, '"ü"'],
      [3, 24, '"𝄞"'],
    ]);
  });
});
