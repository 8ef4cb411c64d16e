import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { createGuard } from '../src/guard.ts';
import { makeTestFolder } from '../src/test-folder.ts';
import { listRunning } from './fixtures/list-running.ts';

/** Starts a program that starts a stack; returns it with the processes of its stack. */
async function startParent(dataDir: string, env = {}): Promise<{ parent: ChildProcess; pids: number[] }> {
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/parent.ts'), dataDir], {
    env: { ...inject('hostEnv'), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  if (parent.stdout === null) throw new Error('no output');
  const line = once(createInterface(parent.stdout), 'line');
  const early = once(parent, 'exit').then(([code]) =>
    Promise.reject(new Error(`The stack ended with ${code}.`)),
  );
  const [text] = await Promise.race([line, early]);
  return { parent, pids: JSON.parse(text).pids };
}

it('leaves nothing when its program is killed, and the data can be used at once', async () => {
  const dataDir = await makeTestFolder();
  const { parent, pids } = await startParent(dataDir);
  expect(pids).toHaveLength(6);
  expect(await listRunning(pids)).toEqual(pids);
  parent.kill('SIGKILL');

  const next = await startParent(dataDir);
  expect(await listRunning(pids)).toEqual([]);
  next.parent.kill('SIGKILL');
  await vi.waitFor(async () => expect(await listRunning(next.pids)).toEqual([]), 20_000);
});

it('kills what does not end when its program is killed', async () => {
  const { parent, pids } = await startParent(await makeTestFolder(), { FIXTURE_STUBBORN: 'worker' });
  parent.kill('SIGKILL');
  await vi.waitFor(async () => expect(await listRunning(pids)).toEqual([]), 30_000);
});

it('leaves alone what was taken off its list', async () => {
  const guard = createGuard();
  const child = spawn('sleep', ['60'], { detached: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  if (child.pid === undefined) throw new Error('no process');
  guard.add(child.pid, { signal: 'SIGTERM', stage: 1 });
  guard.remove(child.pid);
  await guard.close();
  expect(await listRunning([child.pid])).toEqual([child.pid]);
});

it('is started again when it is killed, with what it guarded', async () => {
  const guard = createGuard();
  const child = spawn('sleep', ['60'], { detached: true });
  if (child.pid === undefined) throw new Error('no process');
  guard.add(child.pid, { signal: 'SIGTERM', stage: 1 });
  const ended = once(child, 'exit');
  const first = guard.pid();
  process.kill(first, 'SIGKILL');
  await vi.waitFor(() => expect(guard.pid()).not.toBe(first));
  await guard.close();
  expect(await ended).toEqual([null, 'SIGTERM']);
});
