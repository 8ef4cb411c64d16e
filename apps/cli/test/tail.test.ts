import type { NormalizedItem } from '@sluice/contracts/api';
import { describe, expect, it } from 'vitest';
import { startSluice } from './sluice.ts';
import { startCliStack } from './stack.ts';

const cli = await startCliStack();

async function send(source: string, payload: string, ...options: readonly string[]): Promise<string> {
  const { code, value } = await cli.json(['send', '-s', source, payload, ...options]);
  expect(code).toBe(0);
  return (value as { id: string }).id;
}

describe('sluice tail', () => {
  it('prints records of its filter as they are stored, and goes on behind an id', async () => {
    const run = (...more: string[]) =>
      startSluice(['tail', '-s', 'tailed', '--json', '-n', '2', ...more], { env: cli.env });
    const first = run();
    await opened(first.child);
    await send('elsewhere', '{"metric":"no","amount":1}');
    const ids = [
      await send('tailed', '{"metric":"a","amount":1}'),
      await send('tailed', '{"metric":"b","amount":2}'),
    ];
    const ended = await first.ended;
    expect(ended.code).toBe(0);
    expect(toIds(ended.stdout).sort()).toEqual(ids.toSorted());
    const after = /--after (\S+)/.exec(ended.stderr)?.[1] ?? '';
    const missed = [
      await send('tailed', '{"metric":"c","amount":3}'),
      await send('tailed', '{"metric":"d","amount":4}'),
    ];
    const second = await run('--after', after).ended;
    expect(toIds(second.stdout).sort()).toEqual(missed.toSorted());
  });

  it('says that it cannot go on behind an id, and prints one that it can', async () => {
    const { child, ended } = startSluice(['tail', '-s', 'lost', '--after', 'nonsense'], { env: cli.env });
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await expect.poll(() => text, { timeout: 20_000 }).toMatch(/^Something .+ missed here: .+[^.]\.\n$/);
    child.kill('SIGINT');
    expect((await ended).stderr).toMatch(/--after [0-9A-F]+\n/);
  });

  it('goes on without a gap after live was killed, and ends with 0 by Ctrl-C', async () => {
    const { child, ended } = startSluice(['tail', '-s', 'cut', '--json'], { env: cli.env });
    const lines: string[] = [];
    child.stdout?.on('data', (chunk: Buffer) => lines.push(...chunk.toString().trim().split('\n')));
    await opened(child);
    const before = await send('cut', '{"metric":"before","amount":1}');
    await expect.poll(() => toIds(lines.join('\n')), { timeout: 20_000 }).toEqual([before]);
    await cli.stack.app('live').kill('SIGKILL');
    const during = await send('cut', '{"metric":"during","amount":2}');
    await expect.poll(() => toIds(lines.join('\n')), { timeout: 40_000 }).toEqual([before, during]);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0 });
  });
});

async function opened(child: ReturnType<typeof startSluice>['child']): Promise<void> {
  let told = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  await expect.poll(() => told, { timeout: 20_000 }).toContain('Watching.');
}

function toIds(lines: string): string[] {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as NormalizedItem).id);
}
