import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findEncoding, readEncoding } from './encoding.ts';
import { EXIT } from './exit-codes.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-encoding-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function write(content: Buffer): Promise<string> {
  const path = join(dir, 'rows.csv');
  await writeFile(path, content);
  return path;
}

describe('the encoding of a file', () => {
  it.each([
    ['UTF8', 'utf-8'],
    ['latin1', 'windows-1252'],
    ['windows-1252', 'windows-1252'],
    ['iso-8859-15', 'iso-8859-15'],
    ['koi8-r', 'koi8-r'],
    ['utf-16le', 'utf-16le'],
    ['utf-16be', 'utf-16be'],
    ['shift_jis', undefined],
    ['gbk', undefined],
    ['big5', undefined],
    ['iso-2022-jp', undefined],
    ['euc-kr', undefined],
    ['excel', undefined],
  ])('that is called %s is %s', (label, encoding) => {
    expect(findEncoding(label)).toBe(encoding);
  });

  it.each([
    ['nothing in it', Buffer.alloc(0), 'utf-8'],
    ['no mark', Buffer.from('id\n'), 'utf-8'],
    ['the mark of UTF-8', Buffer.from('\ufeffid\n'), 'utf-8'],
    ['the mark of UTF-16', Buffer.from('\ufeffid\n', 'utf16le'), 'utf-16le'],
    ['UTF-16 without a mark', Buffer.from('id\n', 'utf16le'), 'utf-16le'],
    ['the mark of UTF-16, the higher byte first', Buffer.from('\ufeffid\n', 'utf16le').swap16(), 'utf-16be'],
  ])('with %s is told by its first bytes', async (_, content, encoding) => {
    expect(await readEncoding(await write(content), undefined)).toBe(encoding);
  });

  it('is asked of a file that can be read', async () => {
    await expect(readEncoding(join(dir, 'none.csv'), undefined)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringMatching(/^The file cannot be read: ENOENT/),
    });
  });

  it('is the one that was given, unless the first bytes show another', async () => {
    const plain = await write(Buffer.from('id\n'));
    expect(await readEncoding(plain, 'windows-1252')).toBe('windows-1252');
    const marked = await write(Buffer.from('\ufeffid\n'));
    await expect(readEncoding(marked, 'windows-1252')).rejects.toThrow(
      'it is UTF-8, not windows-1252: leave --encoding out.',
    );
  });
});
