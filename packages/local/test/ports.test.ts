import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
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
