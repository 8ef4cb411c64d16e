import { readEnvironment } from '@sluice/runtime/config';
import { loadSettings } from './config.ts';
import { readStackAddresses, readStackSecretsKey } from './stack-addresses.ts';

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
  if (isMongoGiven()) return { url, from: '' };
  const running = await readStackAddresses();
  return running === undefined ? { url, from: '' } : { url: running.mongodbUri, from: toFrom(running.file) };
}

/**
 * Finds the key to the secrets of sources: SECRETS_KEY, else, where MongoDB is found by itself, that of the same
 * `npm start` or demo; undefined where neither has one.
 *
 * @throws ConfigError
 */
export async function findSecretsKey(): Promise<string | undefined> {
  const { SECRETS_KEY: key } = loadSettings('SECRETS_KEY');
  return key === undefined && !isMongoGiven() ? readStackSecretsKey() : key;
}

function isMongoGiven(): boolean {
  return ['MONGODB_URI', 'MONGODB_LOCAL_URI'].some((name) => readEnvironment(name) !== undefined);
}

function toFrom(file: string): string {
  return ` (from ${file})`;
}
