import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMongo } from '@sluice/local/mongo';
import { startRedis } from '@sluice/local/redis';
import type { LocalServer } from '@sluice/local/server-process';
import type { CaseContext } from './case.ts';

/** What is kept in memory by MongoDB, in GB: as much as beside Sluice. */
const CACHE_GB = 1;

/** A running MongoDB. */
export type Mongo = { readonly uri: string; readonly pids: readonly number[] };

/** Starts a MongoDB like Sluice's on new data, and names its database `bench`. */
export async function startBareMongo(
  context: Pick<CaseContext, 'resources' | 'env' | 'say'>,
): Promise<Mongo> {
  const { env, say } = context;
  const server = await startMongo({ dir: await makeFolder(context), cacheGb: CACHE_GB, env, say });
  deferKill(context, server);
  return { uri: server.url.replace('/?', '/bench?'), pids: server.pids };
}

/** Starts a Redis like Sluice's on new data, at `appendfsync everysec`. */
export async function startBareRedis(
  context: Pick<CaseContext, 'resources' | 'env' | 'say'>,
): Promise<LocalServer> {
  const { env, say } = context;
  const server = await startRedis({ dir: await makeFolder(context), appendfsync: 'everysec', env, say });
  deferKill(context, server);
  return server;
}

function deferKill({ resources }: Pick<CaseContext, 'resources'>, server: LocalServer): void {
  resources.defer(() => server.stop({ force: true }));
}

async function makeFolder({ resources }: Pick<CaseContext, 'resources'>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
