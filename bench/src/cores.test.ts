import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { findCores, halve, keepOnCores } from './cores.ts';

const cores = await findCores();

it('halves the cores, and has no halves of a single one', () => {
  expect(halve('0,1')).toEqual({ all: '0,1', first: '0', second: '1' });
  expect(halve('0,2-5')).toEqual({ all: '0,2,3,4,5', first: '0,2', second: '3,4,5' });
  expect(halve('3')).toBeNull();
  expect(halve('')).toBeNull();
});

it.runIf(cores !== null)('keeps every thread of a process on the core that is named', async () => {
  const last = cores?.all.split(',').at(-1) ?? '';
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log("here")']);
  onTestFinished(() => void child.kill('SIGKILL'));
  const pid = child.pid ?? 0;
  await once(child.stdout, 'data');
  await keepOnCores([pid], last);
  const statuses = readdirSync(`/proc/${pid}/task`).map((task) =>
    readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'),
  );
  expect(statuses.length).toBeGreaterThan(1);
  const allowed = statuses.map((status) => /^Cpus_allowed_list:\s*(.+)$/m.exec(status)?.[1]);
  expect(new Set(allowed)).toEqual(new Set([last]));
});
