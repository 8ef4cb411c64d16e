import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NormalizedItem } from '@sluice/contracts/api';
import { makeTestFolder } from '@sluice/local/test-folder';
import { describe, expect, it } from 'vitest';
import { runSluice } from './sluice.ts';
import { type StubAnswer, type StubRequest, startStubApi, toProblem } from './stub-api.ts';

const ROWS = 12_000;

const RECORD = {
  ...{ id: 'evt_1', source: 'shop', client_id: 'shop', type: 'metric', subject: null, timestamp: null },
  ...{ data: {}, normalizedHash: '', schemaVersion: 1, mappingRevision: null, lineage: {}, warnings: [] },
  ...{ receivedAt: '2026-01-02T03:04:05Z', storedAt: '2026-01-02T03:04:05Z' },
} satisfies NormalizedItem;

/** Takes every row of a batch but one of them all. */
function answerBatch({ body }: StubRequest): StubAnswer {
  const results = body
    .trim()
    .split('\n')
    .map((line, index) =>
      line.endsWith('"payload":7}')
        ? { index, code: 'ERR_UNSAFE_KEY', detail: 'It is so.' }
        : { index, id: 'evt_1', duplicate: false },
    );
  const rejected = results.filter((result) => 'code' in result).length;
  return { status: 202, body: { accepted: results.length - rejected, duplicates: 0, rejected, results } };
}

describe('a command whose output nobody reads', () => {
  it('ends with the code of what went wrong when standard error is closed', async () => {
    const api = await startStubApi(() => ({
      status: 403,
      body: toProblem(403, 'ERR_FORBIDDEN', 'No.'),
    }));
    const ended = await runSluice(['ledger', '--url', api.url], { closed: 'stderr' });
    expect(ended).toMatchObject({ code: 4, stdout: '' });
  });

  it.each(['stdout', 'stderr'] as const)('imports to the end when %s is closed', async (closed) => {
    const file = join(await makeTestFolder(), 'rows.ndjson');
    await writeFile(file, Array.from({ length: ROWS }, (_, n) => `${n}\n`).join(''));
    const api = await startStubApi(answerBatch);
    const ended = await runSluice(['import', file, '-s', 'shop', '--json', '--url', api.url], { closed });
    expect(ended.code).toBe(1);
    const state: unknown = JSON.parse(await readFile(`${file}.sluice-import.json`, 'utf8'));
    expect(state).toMatchObject({ done: true, counts: { rows: ROWS, accepted: ROWS - 1, rejected: 1 } });
  });

  it('stops a list that would go on, as having read enough', async () => {
    const api = await startStubApi(() => ({ status: 200, body: { items: [RECORD], nextCursor: 'more' } }));
    const list = ['events', 'list', '--all', '--json', '--url', api.url];
    const ended = await runSluice(list, { closed: 'stdout' });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });
});
