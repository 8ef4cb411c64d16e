import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../src/ports.ts';

it('finds ports that the system gives to nobody', async () => {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => '49152 65535');
  const lowest = Number(range.trim().split(/\s+/)[0]);
  const ports = await Promise.all(Array.from({ length: 50 }, findFreePort));
  expect(ports.filter((port) => port >= lowest)).toEqual([]);
});

it('finds a port that can be listened on', async () => {
  const server = createServer().listen(await findFreePort(), '127.0.0.1');
  await once(server, 'listening');
  server.close();
});

// Of 22,768 ports two who find 500 each would find some eleven both.
it.runIf(process.platform === 'linux')('finds no port that another process has found', async () => {
  const count = 500;
  const other = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/find-ports.ts'), `${count}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void other.kill());
  const [line] = await once(createInterface(other.stdout), 'line');
  const theirs: readonly number[] = JSON.parse(line);
  const ours = new Set(await Promise.all(Array.from({ length: count }, findFreePort)));

  expect(ours.size).toBe(count);
  expect(new Set(theirs).size).toBe(count);
  expect(theirs.filter((port) => ours.has(port))).toEqual([]);
});
