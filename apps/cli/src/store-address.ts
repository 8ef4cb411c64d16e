import { readEnvironment } from '@sluice/runtime/config';
import { loadSettings } from './config.ts';
import { readStackAddresses } from './stack-addresses.ts';

/** The address of a store; `from` ends a sentence that shows it, and is empty where the environment named it. */
export type StoreAddress = { readonly url: string; readonly from: string };

/**
 * Finds Redis: REDIS_URL, else that of the `npm start` or demo that runs on DATA_DIR, else the default.
 *
 * @throws ConfigError
 */
export async function findRedis(): Promise<StoreAddress> {
  const { REDIS_URL: url } = loadSettings('REDIS_URL');
  if (readEnvironment('REDIS_URL') !== undefined) return { url, from: '' };
  const running = await readStackAddresses();
  return running === undefined ? { url, from: '' } : { url: running.redisUrl, from: toFrom(running.file) };
}

/**
 * Finds MongoDB: MONGODB_URI, else that of the `npm start` or demo that runs on DATA_DIR, else the default.
 *
 * @throws ConfigError
 */
export async function findMongo(): Promise<StoreAddress> {
  const { MONGODB_URI: url } = loadSettings('MONGODB_URI');
  const isGiven = ['MONGODB_URI', 'MONGODB_LOCAL_URI'].some((name) => readEnvironment(name) !== undefined);
  if (isGiven) return { url, from: '' };
  const running = await readStackAddresses();
  return running === undefined ? { url, from: '' } : { url: running.mongodbUri, from: toFrom(running.file) };
}

function toFrom(file: string): string {
  return ` (from ${file})`;
}
