import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTestFolder } from '@sluice/local/test-folder';
import { describe, expect, it } from 'vitest';
import { runSluice, startSluice } from './sluice.ts';
import { type StubAnswer, type StubRequest, startStubApi, toProblem } from './stub-api.ts';

type Sent = { readonly payload: number; readonly idempotencyKey: string };

/** What a batch held. */
function toSent({ body }: StubRequest): Sent[] {
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Answers a batch: `judge` tells of each payload whether it is taken (null) or refused by which code. */
function answerBatch(
  request: StubRequest,
  judge: (payload: number) => string | null,
  status = 202,
  headers: Record<string, string> = {},
): StubAnswer {
  const results = toSent(request).map(({ payload }, index) => {
    const code = judge(payload);
    return code === null
      ? { index, id: 'evt_1', duplicate: false }
      : { index, code, detail: `It is ${code}.` };
  });
  const accepted = results.filter((result) => 'id' in result).length;
  const body = { accepted, duplicates: 0, rejected: results.length - accepted, results };
  const problem = status < 400 ? {} : toProblem(status, 'ERR_UNAVAILABLE', 'Redis is away.');
  return { status, headers, body: { ...problem, ...body } };
}

async function importRows(url: string, rows: readonly number[], ...options: readonly string[]) {
  const file = join(await makeTestFolder(), 'rows.ndjson');
  await writeFile(file, rows.map((row) => `${row}\n`).join(''));
  const ended = await runSluice(['import', file, '-s', 'shop', '--json', '--url', url, ...options]);
  return { file, ended };
}

describe('an import whose rows are not all taken at once', () => {
  it('sends again only what may come again, after the pause that is asked for', async () => {
    const api = await startStubApi((request, count) => {
      if (count === 1) return answerBatch(request, (row) => (row > 1 ? 'ERR_RATE_LIMITED' : null));
      if (count === 2)
        return {
          status: 503,
          body: toProblem(503, 'ERR_UNAVAILABLE', 'Away.'),
          headers: { 'retry-after': '1' },
        };
      if (count === 3) return answerBatch(request, () => 'ERR_UNAVAILABLE', 503, { 'retry-after': '0' });
      return answerBatch(request, (row) => (row === 3 ? 'ERR_UNSAFE_KEY' : null));
    });
    const startedAt = performance.now();
    const { file, ended } = await importRows(api.url, [1, 2, 3]);
    expect(performance.now() - startedAt).toBeGreaterThan(1400);
    expect(api.requests.map((request) => toSent(request).map(({ payload }) => payload))).toEqual([
      [1, 2, 3],
      [2, 3],
      [2, 3],
      [2, 3],
    ]);
    expect(new Set(api.requests.flatMap(toSent).map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3);
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ rows: 3, accepted: 2, rejected: 1 });
    expect(ended.stderr).toContain('Waiting 1.0 s: Away.');
    const rejected = (await readFile(`${file}.rejected.ndjson`, 'utf8')).trim();
    expect(JSON.parse(rejected)).toEqual({
      line: 3,
      code: 'ERR_UNSAFE_KEY',
      detail: 'It is ERR_UNSAFE_KEY.',
      row: '3',
    });
  });

  it('sends again what a batch that broke off did not tell of', async () => {
    const api = await startStubApi((request, count) => {
      const answer = answerBatch(request, (row) => (row === 2 && count === 1 ? 'ERR_REQUEST_TIMEOUT' : null));
      if (count > 1) return answer;
      const { results } = answer.body as { results: unknown[] };
      return { ...answer, body: { ...(answer.body as object), results: results.slice(0, 2) } };
    });
    const { ended } = await importRows(api.url, [1, 2, 3, 4]);
    expect(api.requests.map((request) => toSent(request).map(({ payload }) => payload))).toEqual([
      [1, 2, 3, 4],
      [2, 3, 4],
    ]);
    expect(JSON.parse(ended.stdout)).toMatchObject({ rows: 4, accepted: 4, rejected: 0 });
    expect(ended.code).toBe(0);
  });

  it('gives a row up that fails inside the server again and again', async () => {
    const api = await startStubApi((request) =>
      answerBatch(request, (row) => (row === 2 ? 'ERR_INTERNAL' : null), 202, { 'retry-after': '0' }),
    );
    const { ended } = await importRows(api.url, [1, 2]);
    expect(api.requests).toHaveLength(5);
    expect(JSON.parse(ended.stdout)).toMatchObject({ accepted: 1, rejected: 1 });
  });

  it('gives up when nothing is taken for longer than its patience', async () => {
    const api = await startStubApi(() => ({
      status: 503,
      body: toProblem(503, 'ERR_UNAVAILABLE', 'Redis is away.'),
      headers: { 'retry-after': '0' },
    }));
    const { ended } = await importRows(api.url, [1, 2], '--patience', '0');
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toContain('Nothing was taken for 0 s (Redis is away.');
  });

  it('stops at once when no row would be taken', async () => {
    const api = await startStubApi((request) => answerBatch(request, () => 'ERR_SOURCE_UNKNOWN', 400));
    const { file, ended } = await importRows(api.url, [1, 2]);
    expect(ended).toMatchObject({ code: 4, stdout: '' });
    expect(ended.stderr).toContain('Declare the source');
    await expect(readFile(`${file}.rejected.ndjson`)).rejects.toThrow('ENOENT');
  });

  it.runIf(process.platform === 'linux')('needs no more memory for a larger file', async () => {
    const file = join(await makeTestFolder(), 'large.ndjson');
    const out = createWriteStream(file);
    const padding = 'x'.repeat(3000);
    for (let n = 0; n < 60_000; n += 1) {
      if (!out.write(`{"n":${n},"padding":"${padding}"}\n`)) await once(out, 'drain');
    }
    out.end();
    await once(out, 'finish');
    const peaksKb: number[] = [];
    const child: { pid?: number | undefined } = {};
    const api = await startStubApi(
      (request) => {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        peaksKb.push(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]));
        return answerBatch(request, () => null);
      },
      { keep: false },
    );
    const run = startSluice(['import', file, '-s', 'large', '--json', '--url', api.url]);
    child.pid = run.child.pid;
    expect(JSON.parse((await run.ended).stdout)).toMatchObject({ rows: 60_000, accepted: 60_000 });
    const early = peaksKb[Math.floor(peaksKb.length / 4)] ?? 0;
    const last = peaksKb.at(-1) ?? 0;
    expect(peaksKb.length).toBeGreaterThan(30);
    expect(last - early).toBeLessThan(80_000);
    expect(last).toBeLessThan(300_000);
  });
});
