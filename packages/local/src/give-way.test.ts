import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, getPriority } from 'node:os';
import { expect, it, onTestFinished } from 'vitest';
import { giveWay } from './give-way.ts';

it('lets all others go first, and does not mind a process that is gone', async () => {
  // In a session of its own, as apps are: that of whoever runs the tests would give way too.
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  giveWay(pid);
  expect(getPriority(pid)).toBe(constants.priority.PRIORITY_BELOW_NORMAL);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  giveWay(pid);
});
