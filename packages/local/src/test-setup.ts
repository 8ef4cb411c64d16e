import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { createGuard } from './guard.ts';
import { startMongo } from './mongo.ts';
import { startRedis } from './redis.ts';
import type { Environment } from './say.ts';
import { startTestContainers } from './test-containers.ts';
import type { TestServers } from './test-context.ts';

/**
 * Vitest's global set-up of the projects that need servers: starts one Redis and one MongoDB, in containers when a
 * Docker engine answers (unless TEST_SERVERS=local), else as local programs, and provides their addresses. Returns
 * the tear-down.
 *
 * @public called by Vitest
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const env = project.getProvidedContext().hostEnv;
  const servers =
    (env['TEST_SERVERS'] === 'local' ? undefined : await startTestContainers(env, say)) ??
    (await startLocalServers(env));
  project.provide('redisUrl', servers.redisUrl);
  project.provide('mongoUrl', servers.mongoUrl);
  return servers.stop;
}

async function startLocalServers(env: Environment): Promise<TestServers> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-test-'));
  const guard = createGuard();
  const common = { env, say, guard };
  const started = await Promise.allSettled([
    startRedis({ ...common, dir: join(dir, 'redis'), appendfsync: 'everysec' }),
    startMongo({ ...common, dir: join(dir, 'mongo') }),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all(
      started.map((result) => (result.status === 'fulfilled' ? result.value.stop() : undefined)),
    );
    await guard.close();
    await rm(dir, { recursive: true, force: true });
  };
  const [redis, mongo] = started;
  if (redis.status === 'fulfilled' && mongo.status === 'fulfilled') {
    return { redisUrl: redis.value.url, mongoUrl: mongo.value.url, stop };
  }
  await stop();
  throw redis.status === 'rejected' ? redis.reason : mongo.status === 'rejected' ? mongo.reason : undefined;
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}
