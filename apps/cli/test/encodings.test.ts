import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTestFolder } from '@sluice/local/test-folder';
import { describe, expect, it } from 'vitest';
import { runSluice } from './sluice.ts';
import { startStubApi } from './stub-api.ts';

const CSV = 'id,name\r\n1,Bauer\r\n2,Müller\r\n';
const PAYLOADS = [
  { id: '1', name: 'Bauer' },
  { id: '2', name: 'Müller' },
];

async function startApi() {
  const api = await startStubApi(({ body }) => {
    const results = body
      .trim()
      .split('\n')
      .map((_, index) => ({ index, id: 'evt_1', duplicate: false }));
    return { status: 202, body: { accepted: results.length, duplicates: 0, rejected: 0, results } };
  });
  /** Returns the payloads that came. */
  const toPayloads = (): unknown[] =>
    api.requests.flatMap(({ body }) =>
      body
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { payload: unknown }).payload),
    );
  return { url: api.url, requests: api.requests, toPayloads };
}

async function write(name: string, content: Buffer): Promise<string> {
  const file = join(await makeTestFolder(), name);
  await writeFile(file, content);
  return file;
}

describe('importing a file that is not UTF-8', () => {
  it('sends nothing of CSV before its encoding is named, then all of it', async () => {
    const file = await write('rows.csv', Buffer.from(CSV, 'latin1'));
    const api = await startApi();
    const args = ['import', file, '-s', 'shop', '--json', '--url', api.url];
    for (const option of [[], ['--dry-run']]) {
      const refused = await runSluice([...args, ...option]);
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toBe(
        `sluice: ${file} is not UTF-8 in line 3 (byte 22): name its encoding, like --encoding windows-1252 for CSV that Excel saved, or convert it to UTF-8. Nothing was sent.\n`,
      );
    }
    expect(api.requests).toEqual([]);
    expect(await readdir(join(file, '..'))).toEqual(['rows.csv']);

    const taken = await runSluice([...args, '--encoding', 'latin1']);
    expect(taken).toMatchObject({ code: 0 });
    expect(JSON.parse(taken.stdout)).toMatchObject({ rows: 2, accepted: 2, rejected: 0 });
    expect(api.toPayloads()).toEqual(PAYLOADS);
    const again = await runSluice(args);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('with encoding "windows-1252", not "utf-8": --restart imports');
  });

  it('reads UTF-16 by its byte order mark, CSV and NDJSON', async () => {
    const ndjson = PAYLOADS.map((payload) => `${JSON.stringify(payload)}\r\n`).join('');
    for (const [name, text] of [
      ['rows.csv', CSV],
      ['rows.ndjson', ndjson],
    ] as const) {
      const file = await write(name, Buffer.from(`\ufeff${text}`, 'utf16le'));
      const api = await startApi();
      const ended = await runSluice(['import', file, '-s', 'shop', '--json', '--url', api.url]);
      expect(ended.code).toBe(0);
      expect(api.toPayloads()).toEqual(PAYLOADS);
    }
  });

  it('refuses single lines of NDJSON, and a dry run tells them', async () => {
    const content = Buffer.concat([Buffer.from('{"name":"Müller"}\n', 'latin1'), Buffer.from('{"n":2}\n')]);
    const file = await write('rows.ndjson', content);
    const api = await startApi();
    const args = ['import', file, '-s', 'shop', '--json', '--url', api.url];
    const dry = await runSluice([...args, '--dry-run']);
    expect(dry.code).toBe(1);
    expect(JSON.parse(dry.stdout)).toMatchObject({ rows: 2, unreadable: 1, first: [{ line: 1 }] });
    expect((await runSluice(args)).code).toBe(1);
    expect(api.toPayloads()).toEqual([{ n: 2 }]);
    const rejected: unknown = JSON.parse(await readFile(`${file}.rejected.ndjson`, 'utf8'));
    expect(rejected).toMatchObject({ line: 1, code: 'ERR_UNICODE_INVALID' });
  });

  it('says which encodings there are', async () => {
    const file = await write('rows.csv', Buffer.from(CSV));
    const ended = await runSluice(['import', file, '-s', 'shop', '--encoding', 'shift_jis']);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('Expected utf-8, utf-16le, utf-16be, or one with a byte for each');
  });
});

describe('reading a small file that is not UTF-8', () => {
  it.each([
    ['send', (file: string) => ['send', '-s', 'shop', file]],
    ['sources apply', (file: string) => ['sources', 'apply', file]],
    ['sources test', (file: string) => ['sources', 'test', 'shop', file]],
    ['mappings draft', (file: string) => ['mappings', 'draft', 'shop', file]],
  ])('%s says in which line, and sends nothing', async (_, toArgs) => {
    const file = await write('file.json', Buffer.from('{\n"name":"Müller"}\n', 'latin1'));
    const api = await startApi();
    const ended = await runSluice([...toArgs(file), '--url', api.url]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toBe(`sluice: ${file} is not UTF-8 in line 2 (byte 12): convert it to UTF-8.\n`);
    expect(api.requests).toEqual([]);
  });

  it('says the same of standard input', async () => {
    const input = Buffer.from('"Müller"', 'latin1');
    const ended = await runSluice(['send', '-s', 'shop'], { input });
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^sluice: Standard input is not UTF-8 in line 1 \(byte 3\): convert it/);
  });
});
