import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NormalizedItem } from '@sluice/contracts/api';
import { makeTestFolder } from '@sluice/local/test-folder';
import { describe, expect, it } from 'vitest';
import { startSluice } from './sluice.ts';
import { startCliStack } from './stack.ts';

const cli = await startCliStack();

type Summary = {
  readonly rows: number;
  readonly newRows: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
};

async function importFile(file: string, source: string, ...options: readonly string[]) {
  const { code, value } = await cli.json(['import', file, '-s', source, ...options]);
  return { code, summary: value as Summary };
}

/** Returns how many records of a source hold each number `n`. */
async function countNumbers(source: string): Promise<ReadonlyMap<number, number>> {
  await cli.settled();
  const { stdout } = await cli.sluice(['events', 'list', '-s', source, '--all', '--json']);
  const counts = new Map<number, number>();
  for (const line of stdout.trim().split('\n')) {
    const { data } = JSON.parse(line) as NormalizedItem;
    const n = Number((data as { n: unknown }).n);
    counts.set(n, (counts.get(n) ?? 0) + 1);
  }
  return counts;
}

async function writeRows(file: string, count: number): Promise<void> {
  const out = createWriteStream(file);
  for (let n = 0; n < count; n += 1) {
    if (!out.write(`${JSON.stringify({ n })}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

describe('sluice import', () => {
  it('imports NDJSON, writes down what is rejected, and knows its rows again', async () => {
    const file = join(await makeTestFolder(), 'rows.ndjson');
    await writeFile(file, '{"n":1}\n{"n":2,"$bad":1}\n{"n":\n\n{"n":3}\n{"n":3}\n');
    const first = await importFile(file, 'lines');
    expect(first).toMatchObject({
      code: 1,
      summary: { rows: 5, newRows: 5, accepted: 3, duplicates: 0, rejected: 2 },
    });
    const rejected = (await readFile(`${file}.rejected.ndjson`, 'utf8')).trim().split('\n');
    expect(rejected.map((line) => JSON.parse(line))).toMatchObject([
      { line: 2, code: 'ERR_UNSAFE_KEY', row: '{"n":2,"$bad":1}' },
      { line: 3, code: 'ERR_JSON_INVALID', row: '{"n":' },
    ]);
    const again = await importFile(file, 'lines');
    expect(again).toMatchObject({ code: 1, summary: { rows: 5, newRows: 0 } });
    const restarted = await importFile(file, 'lines', '--restart');
    expect(restarted.summary).toMatchObject({ rows: 5, accepted: 0, duplicates: 3, rejected: 2 });
    expect(await countNumbers('lines')).toEqual(
      new Map([
        [3, 1],
        [1, 1],
      ]),
    );
  });

  it('imports CSV with its own delimiter, and the rows that were appended since', async () => {
    const file = join(await makeTestFolder(), 'rows.csv');
    await writeFile(file, 'n;name\n1;"a;b"\n2;"c\nd"\n3');
    const first = await importFile(file, 'table', '--delimiter', ';');
    expect(first).toMatchObject({ code: 1, summary: { rows: 3, accepted: 2, rejected: 1 } });
    await appendFile(file, '\n4;e\n');
    const second = await importFile(file, 'table', '--delimiter', ';');
    expect(second.summary).toMatchObject({ rows: 4, newRows: 1, accepted: 3, rejected: 1 });
    expect([...(await countNumbers('table')).keys()].sort()).toEqual([1, 2, 4]);
    const other = await cli.sluice(['import', file, '-s', 'another', '--delimiter', ';']);
    expect(other).toMatchObject({ code: 2, stdout: '' });
  });

  it('sends nothing in a dry run', async () => {
    const file = join(await makeTestFolder(), 'rows.ndjson');
    await writeFile(file, '{"n":1}\n{\n');
    const { code, value } = await cli.json(['import', file, '-s', 'dry', '--dry-run']);
    expect(code).toBe(1);
    expect(value).toMatchObject({ rows: 2, unreadable: 1, first: [{ line: 2, code: 'ERR_JSON_INVALID' }] });
    expect((await cli.json(['events', 'list', '--raw', '-s', 'dry'])).value).toMatchObject({ items: [] });
  });

  it('takes its keys from a field', async () => {
    const file = join(await makeTestFolder(), 'rows.ndjson');
    await writeFile(file, '{"n":1,"id":"k1"}\n{"n":2,"id":7}\n');
    await importFile(file, 'keyed', '--key-field', 'id');
    await cli.settled();
    const { value } = await cli.json(['events', 'list', '--raw', '-s', 'keyed']);
    const keys = (value as { items: { idempotencyKey: string }[] }).items.map((item) => item.idempotencyKey);
    expect(keys.sort()).toEqual(['7', 'k1']);
  });

  it('brings every row once when it is killed again and again', async () => {
    const rows = 40_000;
    const file = join(await makeTestFolder(), 'rows.ndjson');
    await writeRows(file, rows);
    let runs = 0;
    for (let killed = true; killed; runs += 1) {
      const { child, ended } = startSluice(['import', file, '-s', 'killed', '--json'], { env: cli.env });
      const stderr = createInterface({ input: child.stderr as NodeJS.ReadableStream });
      let isTold = false;
      // A line of progress says that a chunk was settled; the next one is under way.
      stderr.on('line', (line) => {
        if (!/^\d+% /.test(line) || isTold || runs >= 3) return;
        isTold = true;
        child.kill('SIGKILL');
      });
      const end = await ended;
      killed = end.signal === 'SIGKILL';
      if (!killed) expect(JSON.parse(end.stdout)).toMatchObject({ rows, rejected: 0 });
    }
    expect(runs).toBeGreaterThan(1);
    const counts = await countNumbers('killed');
    expect(counts.size).toBe(rows);
    expect(Math.max(...counts.values())).toBe(1);
  });

  it('ends with 130 by Ctrl-C, and goes on where it was', async () => {
    const rows = 20_000;
    const file = join(await makeTestFolder(), 'rows.ndjson');
    await writeRows(file, rows);
    const { child, ended } = startSluice(['import', file, '-s', 'stopped'], { env: cli.env });
    const stderr = createInterface({ input: child.stderr as NodeJS.ReadableStream });
    stderr.on('line', (line) => {
      if (/^\d+% /.test(line)) child.kill('SIGINT');
    });
    const stopped = await ended;
    expect(stopped).toMatchObject({ code: 130, stdout: '' });
    expect(stopped.stderr).toContain('sluice: Stopped; the same command goes on from here.\n');
    const rest = await cli.sluice(['import', file, '-s', 'stopped', '--json']);
    expect(rest.stderr).toMatch(/^Going on behind line [\d,]+; [\d,]+ rows were settled before\.\n/);
    const summary = JSON.parse(rest.stdout) as Summary;
    expect(summary).toMatchObject({ rows, rejected: 0 });
    expect(summary.newRows).toBeLessThan(rows);
    expect((await countNumbers('stopped')).size).toBe(rows);
  });
});
