import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findBinary } from './binaries.ts';
import { createGuard, type Guard } from './guard.ts';
import { findFreePort } from './ports.ts';
import { isRunning, markProcess, parseMark } from './process-mark.ts';
import { type Environment, type Say, StartError } from './say.ts';
import { type LocalServer, neverSettles, type ServerProcess, startServerProcess } from './server-process.ts';

/** How to start a Redis server. */
export type RedisOptions = {
  /** Keeps its data and its log; made when it is not there. */
  readonly dir: string;
  /** Where it listens, on 127.0.0.1; default a free port. */
  readonly port?: number | undefined;
  /** `always`: a write that was answered survives a power cut. `everysec`: the last second may be lost. */
  readonly appendfsync: 'always' | 'everysec';
  /** Refuses writes above this size; default no limit. */
  readonly maxmemoryBytes?: number | undefined;
  readonly env: Environment;
  readonly say: Say;
  /** Ends the server if this program dies; default a guard of its own. */
  readonly guard?: Guard | undefined;
  /** Gives up a download. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * How large the append-only file becomes before it is rewritten. Jobs come and go, so that most of it is dead soon: at
 * Redis' own 64 MB a busy one forks and writes again and again. It takes about a second to read at the next start.
 */
const AOF_REWRITE_MIN_SIZE = '256mb';

// A large append-only file takes its time to be read.
const READY_DEADLINE_MS = 120_000;

/**
 * Starts a Redis (or Valkey) server that keeps its data in an append-only file and never evicts, and waits until it
 * answers. Throws `StartError` when there is no program, the port is taken, or the data cannot be read.
 */
export async function startRedis(options: RedisOptions): Promise<LocalServer> {
  const { env, say, signal } = options;
  const binary = await findBinary('redis', { env, say, signal, urlSetting: 'REDIS_URL' });
  await mkdir(options.dir, { recursive: true });
  const pidFile = join(options.dir, 'redis.pid');
  await refuseSecondServer(options.dir, pidFile);
  const port = options.port ?? (await findFreePort());
  const guard = options.guard ?? createGuard();
  const process = await startServerProcess({
    title: `The Redis server on port ${port}`,
    program: binary.path,
    args: toArguments(options, port),
    logFile: join(options.dir, 'redis.log'),
    guard,
    end: { signal: 'SIGTERM', stage: 2 },
  });
  const stop: LocalServer['stop'] = async (how) => {
    await process.stop(how);
    if (guard !== options.guard) await guard.close();
  };
  try {
    await writeFile(pidFile, JSON.stringify((await markProcess(process.pid)) ?? {}));
    await waitUntilReady(process, port);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    about: `${binary.path} ${binary.version}, data in ${options.dir}`,
    pids: [process.pid],
    ended: process.ended,
    stop,
  };
}

// Redis does not lock its folder, and two servers that append to one file spoil it.
async function refuseSecondServer(dir: string, pidFile: string): Promise<void> {
  const mark = parseMark(await readFile(pidFile, 'utf8').catch(() => ''));
  if (mark === undefined || !(await isRunning(mark))) return;
  throw new StartError(`Another Redis server (process ${mark.pid}) uses ${dir}.`);
}

function toArguments(options: RedisOptions, port: number): string[] {
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--protected-mode', 'yes', '--dir', options.dir];
  args.push('--appendonly', 'yes', '--appendfsync', options.appendfsync, '--save', '');
  args.push('--auto-aof-rewrite-min-size', AOF_REWRITE_MIN_SIZE, '--rdbcompression', 'no');
  args.push('--maxmemory', `${options.maxmemoryBytes ?? 0}`, '--maxmemory-policy', 'noeviction');
  return args;
}

async function waitUntilReady(process: ServerProcess, port: number): Promise<void> {
  // `ready` comes after the data is loaded. Until the server listens it refuses, which is no error here.
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  const late = AbortSignal.timeout(READY_DEADLINE_MS);
  try {
    const ready = new Promise<void>((resolve, reject) => {
      client.once('ready', resolve);
      late.addEventListener('abort', () => reject(new StartError(`Redis on port ${port} does not answer.`)));
    });
    await process.waitFor(ready);
    // Another server on the port would answer as well, while ours is about to end.
    const info = await client.info('server');
    if (!info.includes(`process_id:${process.pid}\r`)) await process.waitFor(neverSettles());
  } finally {
    client.disconnect();
  }
}
