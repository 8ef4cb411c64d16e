import { MongoClient } from 'mongodb';
import type { StartedTestContainer } from 'testcontainers';
import { findFreePort } from './ports.ts';
import { REPLICA_SET, waitForPrimary } from './replica-set.ts';
import { type Environment, type Say, toMessage } from './say.ts';
import type { TestServers } from './test-context.ts';

const REDIS_IMAGE = 'redis:7-bookworm';
const MONGO_IMAGE = 'mongo:8';
const REDIS_PORT = 6379;

/**
 * Starts Redis and MongoDB in containers (images by TEST_REDIS_IMAGE and TEST_MONGO_IMAGE). Returns undefined when no
 * Docker engine answers on this machine, or when it cannot start them, which is said.
 */
export async function startTestContainers(env: Environment, say: Say): Promise<TestServers | undefined> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  const engine = await getContainerRuntimeClient().catch(() => undefined);
  if (engine === undefined) return undefined;
  const containers: StartedTestContainer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(containers.map((container) => container.stop()));
  };
  try {
    const redisUrl = await startRedisContainer(env, containers);
    const mongoUrl = await startMongoContainer(env, containers);
    return { redisUrl, mongoUrl, stop };
  } catch (error) {
    await stop();
    say(`Docker cannot start the servers (${toMessage(error).trim()}), so local programs are used.`);
    return undefined;
  }
}

async function startRedisContainer(env: Environment, started: StartedTestContainer[]): Promise<string> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(env['TEST_REDIS_IMAGE'] ?? REDIS_IMAGE)
    .withCommand(['redis-server', '--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'])
    .withExposedPorts(REDIS_PORT)
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  started.push(container);
  return `redis://${container.getHost()}:${container.getMappedPort(REDIS_PORT)}`;
}

// A member must reach itself at the address in the set's configuration, which is also where we reach it: so the
// port is the same inside and outside the container.
async function startMongoContainer(env: Environment, started: StartedTestContainer[]): Promise<string> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const port = await findFreePort();
  const container = await new GenericContainer(env['TEST_MONGO_IMAGE'] ?? MONGO_IMAGE)
    .withCommand(['mongod', '--replSet', REPLICA_SET, '--bind_ip_all', '--port', `${port}`])
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  started.push(container);
  if (!['localhost', '127.0.0.1'].includes(container.getHost())) {
    throw new Error(`the engine runs its containers on ${container.getHost()}, not on this machine`);
  }
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`);
  try {
    const admin = client.db('admin');
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    await admin.command({ replSetInitiate: { _id: REPLICA_SET, members } });
    await waitForPrimary(admin, members.length);
  } finally {
    await client.close();
  }
  return `mongodb://127.0.0.1:${port}/?replicaSet=${REPLICA_SET}`;
}
