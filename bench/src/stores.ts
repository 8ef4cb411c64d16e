import { startMongo } from '@sluice/local/mongo';
import { startRedis } from '@sluice/local/redis';
import type { LocalServer } from '@sluice/local/server-process';
import type { StartContext } from './case.ts';
import { makeFolder } from './folder.ts';

/** What is kept in memory by MongoDB, in GB: as much as beside Sluice. */
const CACHE_GB = 1;

/** A running MongoDB. */
export type Mongo = { readonly uri: string; readonly pids: readonly number[] };

/** Where a MongoDB keeps its data, by default in a new folder, and whether it gives way as `npm start` lets a backup do. */
export type MongoPlace = { readonly dir?: string; readonly givesWay?: boolean };

/** Starts a MongoDB like Sluice's on new data, and names its database `bench`. */
export async function startBareMongo(
  context: StartContext,
  { dir, givesWay = false }: MongoPlace = {},
): Promise<Mongo> {
  const { env, say, signal } = context;
  const starting = startMongo({
    ...{ dir: dir ?? (await makeFolder(context)), cacheGb: CACHE_GB, givesWay },
    ...{ env, say, signal },
  });
  const server = await killAtEnd(context, starting);
  return { uri: server.url.replace('/?', '/bench?'), pids: server.pids };
}

/** Starts a Redis like Sluice's on new data, at `appendfsync everysec`. */
export async function startBareRedis(context: StartContext): Promise<LocalServer> {
  const { env, say, signal } = context;
  const dir = await makeFolder(context);
  return killAtEnd(context, startRedis({ dir, appendfsync: 'everysec', env, say, signal }));
}

/** The end may come while it is starting. */
function killAtEnd({ resources }: StartContext, starting: Promise<LocalServer>): Promise<LocalServer> {
  resources.defer(async () => (await starting.catch(() => undefined))?.stop({ force: true }));
  return starting;
}
