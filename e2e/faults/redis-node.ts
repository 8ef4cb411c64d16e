import { setTimeout as pause } from 'node:timers/promises';
import { freeze, thaw } from '@sluice/local/freeze';
import type { Guard } from '@sluice/local/guard';
import { findFreePort } from '@sluice/local/ports';
import { startRedis } from '@sluice/local/redis';
import type { Environment, Say } from '@sluice/local/say';
import type { LocalServer } from '@sluice/local/server-process';
import { Redis } from 'ioredis';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

/** The Redis of a fault run, on one port and one folder, behind a proxy. */
export type RedisNode = {
  /** Leads through the proxy, and carries the password. */
  readonly url: string;
  readonly proxy: FaultProxy;
  /** Undefined where this user may not mount one. */
  readonly disk: SmallDisk | undefined;
  /** Runs commands on a connection that bypasses the proxy. */
  readonly ask: <T>(work: (client: Redis) => Promise<T>) => Promise<T>;
  /** Kills it and waits until it is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same data, unless it runs. */
  readonly start: () => Promise<void>;
  readonly freeze: () => Promise<void>;
  readonly thaw: () => void;
  /** Undoes all harm: thawed, running, with room, nothing in between. */
  readonly heal: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const START_ATTEMPTS = 5;
const START_PAUSE_MS = 500;

/** Starts Redis with `appendfsync always`, and its proxy. Any password is right: it is there to be looked for. */
export async function startRedisNode(options: {
  readonly dir: string;
  readonly password: string;
  readonly guard: Guard;
  readonly env: Environment;
  readonly say: Say;
}): Promise<RedisNode> {
  const disk = await mountSmallDisk(options.dir);
  const port = await findFreePort();
  const proxy = await startFaultProxy(port);
  let server = await open();
  let isUp = true;
  watch(server);

  function open(): Promise<LocalServer> {
    const { dir, guard, env, say } = options;
    return startRedis({ dir, port, guard, env, say, appendfsync: 'always' });
  }

  function watch(watched: LocalServer): void {
    watched.ended.then(
      () => {
        if (watched === server) isUp = false;
      },
      () => undefined,
    );
  }

  async function start(): Promise<void> {
    for (let attempt = 1; !isUp; attempt += 1) {
      try {
        server = await open();
        isUp = true;
        watch(server);
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
        await pause(START_PAUSE_MS);
      }
    }
  }

  async function kill(): Promise<void> {
    if (!isUp) return;
    for (const pid of server.pids) process.kill(pid, 'SIGKILL');
    await server.ended;
    isUp = false;
  }

  function letRun(): void {
    if (isUp) thaw(server.pids);
  }

  async function ask<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: 3 });
    // Its commands tell what went wrong.
    client.on('error', () => undefined);
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  return {
    url: `redis://default:${options.password}@127.0.0.1:${proxy.port}`,
    proxy,
    disk,
    ask,
    kill,
    start,
    freeze: async () => {
      if (isUp) await freeze(server.pids);
    },
    thaw: letRun,
    heal: async () => {
      await disk?.empty();
      letRun();
      proxy.interfere({ kind: 'none' });
      await start();
      await ask((client) => client.config('SET', 'maxmemory', '0'));
    },
    stop: async () => {
      letRun();
      await server.stop();
      await proxy.close();
      await disk?.unmount();
    },
  };
}
