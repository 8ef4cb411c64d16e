import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTestFolder } from '@sluice/local/test-folder';
import { describe, expect, it } from 'vitest';
import { runSluice } from './sluice.ts';
import { startStubApi } from './stub-api.ts';

async function startApi() {
  const api = await startStubApi(({ body }) => {
    const results = body
      .trim()
      .split('\n')
      .map((_, index) => ({ index, id: 'evt_1', duplicate: false }));
    return { status: 202, body: { accepted: results.length, duplicates: 0, rejected: 0, results } };
  });
  const toPayloads = (): unknown[] =>
    api.requests.flatMap(({ body }) =>
      body
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { payload: unknown }).payload),
    );
  return { requests: api.requests, toPayloads, args: ['-s', 'shop', '--json', '--url', api.url] };
}

async function write(content: string): Promise<string> {
  const file = join(await makeTestFolder(), 'rows.csv');
  await writeFile(file, content);
  return file;
}

describe('the file of an import, and what stands beside it', () => {
  it('has its header only once when it held nothing else the first time', async () => {
    const file = await write('id,name\n');
    const api = await startApi();
    const first = await runSluice(['import', file, ...api.args]);
    expect(JSON.parse(first.stdout)).toMatchObject({ rows: 0 });
    await appendFile(file, '1,x\n');
    const second = await runSluice(['import', file, ...api.args]);
    expect(JSON.parse(second.stdout)).toMatchObject({ rows: 1, accepted: 1 });
    expect(api.toPayloads()).toEqual([{ id: '1', name: 'x' }]);
  });

  it('is not gone on with in the midst of a row that was still being written', async () => {
    const file = await write('id,amount\n1,5\n2,7');
    const api = await startApi();
    expect((await runSluice(['import', file, ...api.args])).code).toBe(0);
    const state = await readFile(`${file}.sluice-import.json`, 'utf8');
    await appendFile(file, '00.00\n3,9\n');
    const again = await runSluice(['import', file, ...api.args]);
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toBe(
      `sluice: ${file} was imported when line 3 was not written to its end, and what stood there was taken for a row: when the file is complete, --restart imports it from its beginning; the other rows that were sent already are recognised.\n`,
    );
    expect(api.requests).toHaveLength(1);
    expect(await readFile(`${file}.sluice-import.json`, 'utf8')).toBe(state);
  });

  it('is not sent when how far it came cannot be kept', async () => {
    const file = await write('id\n1\n');
    // Root may write into every folder; nobody may write a file where a folder stands.
    await mkdir(`${file}.sluice-import.json.new`);
    const api = await startApi();
    const ended = await runSluice(['import', file, ...api.args]);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/sluice: How far the import came .* cannot be written: EISDIR.*\n$/);
    expect(api.requests).toEqual([]);
  });

  it('is read from its beginning when nothing of it was taken, once the header is mended', async () => {
    const file = await write('id,"name\n1,"x"\n');
    const api = await startApi();
    expect((await runSluice(['import', file, ...api.args])).code).toBe(2);
    await writeFile(file, 'id,name\n1,x\n');
    expect((await runSluice(['import', file, ...api.args])).code).toBe(0);
    expect(api.toPayloads()).toEqual([{ id: '1', name: 'x' }]);
  });
});
