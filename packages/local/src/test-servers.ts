import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { freeze, thaw } from './freeze.ts';
import { startMongo } from './mongo.ts';
import { findFreePort } from './ports.ts';
import { startRedis } from './redis.ts';
import type { LocalServer } from './server-process.ts';
import type {} from './test-context.ts';

/** A server that a test file has for itself, to do harm to; it keeps its address and its data. */
export type OwnServer = {
  readonly url: string;
  /** Stops it from running, as a machine does that hangs; see freeze.ts. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Kills it without a warning. */
  kill(): Promise<void>;
  /** Brings a killed one back. */
  restart(): Promise<void>;
  /** Ends it, frozen or not, and removes its data. */
  stop(): Promise<void>;
};

export type OwnServerOptions = {
  /** A free one by default. */
  readonly port?: number;
};

/** Starts a Redis of the test's own. */
export function startOwnRedis({
  port,
  maxmemoryBytes,
}: OwnServerOptions & { readonly maxmemoryBytes?: number } = {}): Promise<OwnServer> {
  return startOwn(port, (common) => startRedis({ ...common, maxmemoryBytes, appendfsync: 'always' }));
}

/**
 * Starts a MongoDB of the test's own, a replica set of one member or of `members`, which are on other ports when they are started
 * again; `oplogMb` makes it forget early what was written, and without `keepsPast` it cannot tell what was.
 */
export function startOwnMongo({
  port,
  members,
  oplogMb,
  keepsPast,
}: OwnServerOptions & {
  readonly members?: number | undefined;
  readonly oplogMb?: number | undefined;
  readonly keepsPast?: boolean | undefined;
} = {}): Promise<OwnServer> {
  return startOwn(port, (common) => {
    const at = members === undefined ? common : { ...common, port: undefined };
    return startMongo({ ...at, members, oplogMb, keepsPast });
  });
}

type Common = Parameters<typeof startMongo>[0] & { readonly port: number };

async function startOwn(
  wanted: number | undefined,
  start: (common: Common) => Promise<LocalServer>,
): Promise<OwnServer> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-own-'));
  const port = wanted ?? (await findFreePort());
  const common = { dir, port, env: inject('hostEnv'), say: () => undefined };
  let server = await start(common);
  let isRunning = true;

  function letRun(): void {
    if (isRunning) thaw(server.pids);
  }

  return {
    url: server.url,
    freeze: () => freeze(server.pids),
    thaw: letRun,
    async kill() {
      for (const pid of server.pids) process.kill(pid, 'SIGKILL');
      isRunning = false;
      await server.ended;
      await server.stop();
    },
    async restart() {
      server = await start(common);
      isRunning = true;
    },
    async stop() {
      letRun();
      await server.stop();
      isRunning = false;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
