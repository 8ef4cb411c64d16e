import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { startMongo } from './mongo.ts';
import { findFreePort } from './ports.ts';
import { startRedis } from './redis.ts';
import type { LocalServer } from './server-process.ts';
import type {} from './test-context.ts';

/** A server that a test file has for itself, to do harm to; it keeps its address and its data. */
export type OwnServer = {
  readonly url: string;
  /** Stops it from running, as a machine does that hangs: connections stay, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Kills it without a warning. */
  kill(): Promise<void>;
  /** Brings a killed one back. */
  restart(): Promise<void>;
  /** Ends it, frozen or not, and removes its data. */
  stop(): Promise<void>;
};

/** Starts a Redis of the test's own. */
export function startOwnRedis(options: { readonly maxmemoryBytes?: number } = {}): Promise<OwnServer> {
  return startOwn((common) => startRedis({ ...common, ...options, appendfsync: 'always' }));
}

/** Starts a MongoDB of the test's own, a replica set of one member. */
export function startOwnMongo(): Promise<OwnServer> {
  return startOwn((common) => startMongo(common));
}

type Common = Parameters<typeof startMongo>[0] & { readonly port: number };

async function startOwn(start: (common: Common) => Promise<LocalServer>): Promise<OwnServer> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-own-'));
  const common = { dir, port: await findFreePort(), env: inject('hostEnv'), say: () => undefined };
  let server = await start(common);
  let isRunning = true;

  function signal(name: NodeJS.Signals): void {
    if (isRunning) for (const pid of server.pids) process.kill(pid, name);
  }

  return {
    url: server.url,
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async kill() {
      signal('SIGKILL');
      isRunning = false;
      await server.ended;
      await server.stop();
    },
    async restart() {
      server = await start(common);
      isRunning = true;
    },
    async stop() {
      signal('SIGCONT');
      await server.stop();
      isRunning = false;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
