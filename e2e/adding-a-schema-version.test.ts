import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { copyTree, type Tree } from './mutants/tree.ts';
import { startTestStack, type TestStack } from './test-stack.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '..');
const DIFF = /^```diff\n(.*?)^```$/gms;
const ADA = { name: 'Ada Lovelace', email: 'ada@example.org', timestamp: '2026-01-02T03:04:05Z' };
const GRACE = {
  first_name: 'Grace',
  last_name: 'Hopper',
  display_name: 'Amazing Grace',
  email: 'grace@example.org',
  timestamp: '2026-01-02T03:04:06Z',
};

describe('docs/adding-a-schema-version.md', () => {
  let tree: Tree;
  let sluice: TestStack;

  beforeAll(async () => {
    tree = await copyTree(ROOT);
    afterAll(() => tree.remove());
    const text = await readFile(join(ROOT, 'docs/adding-a-schema-version.md'), 'utf8');
    const diffs = [...text.matchAll(DIFF)].map(([, diff]) => diff ?? '');
    expect(diffs).toHaveLength(3);
    for (const [index, diff] of diffs.entries()) {
      const file = join(tree.dir, `step-${index + 1}.diff`);
      await writeFile(file, diff);
      await run('git', ['apply', file], { cwd: tree.dir });
    }
    sluice = await startTestStack({
      root: tree.dir,
      env: { SUPPORTED_SCHEMA_VERSIONS: '1,2', PARK_MIN_MS: '500' },
      workers: 1,
    });
  });

  function send(payload: object, schemaVersion: number): Promise<string> {
    return sluice
      .post('/api/events', { source: 'hr', type: 'person', schemaVersion, payload })
      .then(({ body }) => (body as { id: string }).id);
  }

  function findRecord(id: string) {
    return sluice.db.collection('normalized_events').findOne({ _id: id as never });
  }

  it('parks an event of version 3 at an old worker, and stores it as it is at a new one', async () => {
    const id = await send(GRACE, 3);
    await vi.waitFor(async () => expect((await sluice.stats()).queue.parked).toBe(1), { timeout: 20_000 });
    await sluice.stack.addWorker({ SUPPORTED_SCHEMA_VERSIONS: '1,2,3' });
    await vi.waitFor(async () => expect(await findRecord(id)).not.toBeNull(), {
      timeout: 40_000,
      interval: 200,
    });
    expect(await findRecord(id)).toMatchObject({
      schemaVersion: 3,
      data: { first_name: 'Grace', last_name: 'Hopper', display_name: 'Amazing Grace' },
    });
    const raw = await sluice.db.collection('raw_events').findOne({ _id: id as never });
    expect(raw).toMatchObject({ status: 'normalized', attempts: 1 });
  });

  it('upcasts an event of version 1 through version 2', async () => {
    const [old] = sluice.stack.workers();
    await old?.stop();
    const id = await send(ADA, 1);
    await vi.waitFor(async () => expect(await findRecord(id)).not.toBeNull(), { timeout: 20_000 });
    expect(await findRecord(id)).toMatchObject({
      schemaVersion: 3,
      data: { first_name: 'Ada', last_name: 'Lovelace', display_name: 'Ada Lovelace' },
      lineage: { display_name: { rule: 'upcast' } },
    });
  });
});
