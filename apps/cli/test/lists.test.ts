import { expect, it } from 'vitest';
import { startCliStack } from './stack.ts';

const cli = await startCliStack();

async function ask(path: string, body?: string): Promise<unknown> {
  const sent = { method: 'POST', body: body ?? '', headers: { 'content-type': 'application/json' } };
  const response = await fetch(new URL(path, cli.stack.apiUrl), body === undefined ? {} : sent);
  return response.json();
}

const toMapping = (from: string) => `{"type":"sale","fields":{"amount":{"from":"${from}","as":"number"}}}`;

/** Gives a source three revisions, of which the last is active. */
async function addRevisions(source: string): Promise<void> {
  await ask('/api/sources', `{"id":"${source}","kind":"push"}`);
  for (const revision of [1, 2, 3]) {
    await ask(`/api/sources/${source}/mapping`, toMapping(`v${revision}`));
    await ask(`/api/sources/${source}/mapping/${revision}/activate`, '{}');
  }
}

it('lists in JSON what the api answers, whatever the list', async () => {
  await addRevisions('listed');
  await ask('/api/keys', '{"name":"grafana","role":"viewer"}');
  await ask('/api/events', '{"source":"listed","payload":{"v3":7}}');
  await cli.settled();
  await ask('/api/events', '{"source":');
  await expect.poll(() => ask('/api/rejections')).toMatchObject({ items: [{}] });
  for (const [args, path] of [
    [['sources', 'list'], '/api/sources'],
    [['mappings', 'list', 'listed'], '/api/sources/listed/mapping'],
    [['keys', 'list'], '/api/keys'],
    [['rejections', 'list'], '/api/rejections'],
    [['events', 'list'], '/api/events/normalized'],
    [['events', 'list', '--raw'], '/api/events/raw'],
  ] as const) {
    const { code, value } = await cli.json(args);
    expect(code, path).toBe(0);
    expect(value, path).toEqual(await ask(path));
    expect((value as { items: unknown[] }).items.length, path).toBeGreaterThan(0);
  }
});

it('lists all revisions of a mapping, or as many as are asked for, and goes on behind them', async () => {
  await addRevisions('long');
  const all = await cli.sluice(['mappings', 'list', 'long', '--all', '--json']);
  expect(all).toMatchObject({ code: 0, stderr: '' });
  const lines = all.stdout.trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { revision: number }).revision)).toEqual([3, 2, 1]);
  const many = await cli.json(['mappings', 'list', 'long', '-n', '1000']);
  expect(many).toMatchObject({ code: 0, value: { items: [{}, {}, {}], nextCursor: null } });
  const first = await cli.json(['mappings', 'list', 'long', '-n', '2']);
  const { items, nextCursor } = first.value as { items: unknown[]; nextCursor: string };
  expect(items).toMatchObject([{ revision: 3 }, { revision: 2 }]);
  const rest = await cli.json(['mappings', 'list', 'long', '--cursor', nextCursor]);
  expect(rest.value).toMatchObject({ items: [{ revision: 1 }], nextCursor: null });
});

it('answers a change of a mapping in JSON with the revision, as the api does', async () => {
  await addRevisions('changed');
  const rolledBack = await cli.json(['mappings', 'rollback', 'changed', '1']);
  expect(rolledBack.value).toMatchObject({ revision: 1, state: 'active' });
  expect(rolledBack.value).toEqual(await ask('/api/sources/changed/mapping/1'));
  const activated = await cli.json(['mappings', 'activate', 'changed', '3']);
  expect(activated.value).toEqual(await ask('/api/sources/changed/mapping/3'));
});

it('says that a time ends before it begins', async () => {
  const ended = await cli.sluice(['events', 'list', '--from', '2026-01-02', '--to', '2026-01-01']);
  expect(ended).toMatchObject({ code: 2, stdout: '', stderr: 'sluice: to: lies before from.\n' });
});
