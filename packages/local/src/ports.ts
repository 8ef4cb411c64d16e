import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { toMessage } from './say.ts';

const LOWEST = 10_000;
const HIGHEST = 32_767;
const TRIES = 100;

/** The ports that this process found, for as long as it lives. */
const found = new Set<number>();

/**
 * Finds a free port of 127.0.0.1 from 10000 to 32767, at random, and keeps it for this process: nobody else who finds
 * ports this way is given it, though nothing listens there yet or its server is away. The system itself gives ports
 * above these to connections and to whoever listens on any (Linux from 32768, others from 49152). Other processes
 * are kept off on Linux only. Throws when none of 100 is free.
 */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (found.has(port)) continue;
    found.add(port);
    if (process.platform === 'linux' && !(await claim(port))) continue;
    if ((await probePort(port)) === undefined) return port;
  }
  throw new Error(`None of ${TRIES} ports from ${LOWEST} to ${HIGHEST} is free.`);
}

/**
 * Claims a port among all processes of this machine by a socket in Linux' abstract namespace, which only one of them can
 * listen on, and which is gone with it: unix(7). Returns false when another has it, and true where there are no such
 * sockets.
 */
async function claim(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(`\0sluice-port-${port}`);
    await once(server, 'listening');
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE');
  }
  server.unref();
  return true;
}

/**
 * Tells whether a port of a host can be listened on: undefined when it can, else the system's code, such as
 * `EADDRINUSE` (something listens there) or `EACCES` (not allowed).
 */
export async function probePort(port: number, host = '127.0.0.1'): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : toMessage(error);
  }
  server.close();
  await once(server, 'close');
  return undefined;
}

/**
 * Finds the first free port from `from` on that is not in `taken`, and adds it there.
 * Throws when none of the next 1000 is free.
 */
export async function takePortFrom(from: number, taken: Set<number>, host = '127.0.0.1'): Promise<number> {
  for (let port = from; port < from + 1000; port += 1) {
    if (taken.has(port) || (await probePort(port, host)) !== undefined) continue;
    taken.add(port);
    return port;
  }
  throw new Error(`No port from ${from} to ${from + 999} is free.`);
}
