import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSources, ScheduleError } from './declared-sources.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-sources-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function load(...schedules: readonly string[]) {
  const polled = schedules.map((schedule, index) => ({
    ...{ id: `erp-${index}`, kind: 'poll', url: 'http://127.0.0.1:9', schedule, idPath: 'id' },
    cursor: { kind: 'timestamp', param: 'since', path: 'at' },
  }));
  const file = join(dir, 'sources.yaml');
  await writeFile(file, JSON.stringify({ sources: [{ id: 'hook', kind: 'push' }, ...polled] }));
  return loadSources(file);
}

describe('loadSources', () => {
  it('returns all sources, and those that are polled', async () => {
    const { declared, polled } = await load('*/5 * * * * *', '0 4 * * *');
    expect(declared.map(({ id }) => id)).toEqual(['hook', 'erp-0', 'erp-1']);
    expect(polled.map(({ id }) => id)).toEqual(['erp-0', 'erp-1']);
  });

  it.each(['61 * * * * *', '* * * * * * *', 'every hour', '0 0 0 31 2 *'])('refuses %j', async (schedule) => {
    await expect(load('* * * * * *', schedule)).rejects.toThrow(ScheduleError);
    await expect(load('* * * * * *', schedule)).rejects.toThrow(
      /^Source erp-1 has a schedule that cannot be read/,
    );
  });

  it('names every source that is wrong', async () => {
    await expect(load('99 * * * * *', '98 * * * * *')).rejects.toThrow(/erp-0 .*\n.*erp-1 /);
  });
});
