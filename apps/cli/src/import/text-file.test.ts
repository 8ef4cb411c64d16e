/// <reference lib="esnext.array" />
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkText, openText } from './text-file.ts';

/** Characters of one to four bytes; long enough that every chunk breaks off in one of them. */
const TEXT = 'aä€𝄞,\n'.repeat(60_000);
const START = { offset: 0, line: 0 };

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-text-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function write(content: Buffer): Promise<string> {
  const path = join(dir, 'text');
  await writeFile(path, content);
  return path;
}

function check(path: string, encoding: string): Promise<void> {
  return checkText({ path, encoding }, START, new AbortController().signal);
}

describe('reading a text file', () => {
  it.each(['utf-8', 'utf-16le'] as const)('gives the UTF-8 of %s, and its places', async (encoding) => {
    const path = await write(Buffer.from(TEXT, encoding));
    const { chunks, toOffset } = openText({ path, encoding }, START, '');
    const place = { utf8: 0, own: 0 };
    let text = '';
    for await (const chunk of chunks) {
      const part = chunk.toString('utf8');
      text += part;
      place.utf8 += chunk.length;
      place.own += Buffer.byteLength(part, encoding);
      expect(toOffset(place.utf8)).toBe(place.own);
    }
    expect(text === TEXT).toBe(true);
  });

  it.each([
    ['utf-8', Buffer.from(`${TEXT}a`), [0xff], 'is not UTF-8 in line 60001 (byte 720002)'],
    ['utf-8', Buffer.from(`${TEXT}a`), [0xe2, 0x82], 'is not UTF-8 in line 60001 (byte 720002)'],
    ['utf-8', Buffer.from('\n\n'), [0xed, 0xa0, 0x80], 'is not UTF-8 in line 3 (byte 3)'],
    [
      'utf-16le',
      Buffer.from('ä\n', 'utf16le'),
      [0x00, 0xdc, 0x41, 0x00],
      'is not UTF-16le in line 2 (byte 5)',
    ],
    ['utf-16le', Buffer.from('ä\n', 'utf16le'), [0x41, 0x00], 'is not UTF-16le in line 2 (byte 7)'],
    ['windows-1253', Buffer.from('a\n'), [0xaa], 'is not windows-1253 in line 2 (byte 3)'],
  ])('says where it is not %s', async (encoding, before, bad, sentence) => {
    const path = await write(Buffer.concat([before, Buffer.from(bad), Buffer.from('\n')]));
    await expect(check(path, encoding)).rejects.toThrow(sentence);
    await write(before);
    await expect(check(path, encoding)).resolves.toBeUndefined();
  });

  it('says so of a file that breaks off in a character', async () => {
    await expect(check(await write(Buffer.from([0x61, 0x0a, 0xe2, 0x82])), 'utf-8')).rejects.toThrow(
      'is not UTF-8 in line 2 (byte 3): name its encoding',
    );
  });
});
