import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { loadSettings } from './config.ts';

/** Where the stores of a Sluice on this machine are, and which file says so. */
type StackAddresses = {
  readonly redisUrl: string;
  readonly mongodbUri: string;
  /** As it is shown: below the current folder without it. */
  readonly file: string;
};

const ROOT = resolve(import.meta.dirname, '../../..');

const addressesSchema = z.object({
  pid: z.int().positive(),
  redisUrl: z.string().min(1),
  mongodbUri: z.string().min(1),
});

/**
 * Reads where the `npm start` or `npm run demo` that runs on DATA_DIR has its stores; undefined when none runs there.
 *
 * @throws ConfigError
 */
export async function readStackAddresses(): Promise<StackAddresses | undefined> {
  const path = toPath('addresses.json');
  const parsed = addressesSchema.safeParse(await readJson(path));
  if (!parsed.success || !isRunning(parsed.data.pid)) return undefined;
  const below = relative(process.cwd(), path);
  const { redisUrl, mongodbUri } = parsed.data;
  return { redisUrl, mongodbUri, file: below.startsWith('..') ? path : join(below) };
}

/**
 * Reads the key that the `npm start` or `npm run demo` that runs on DATA_DIR keeps for the secrets of sources; undefined
 * when none runs there, or none is kept.
 *
 * @throws ConfigError
 */
export async function readStackSecretsKey(): Promise<string | undefined> {
  if ((await readStackAddresses()) === undefined) return undefined;
  const kept = await readFile(toPath('secrets.key'), 'utf8').catch(() => undefined);
  return kept?.trim();
}

/** As npm start takes it: a relative folder is one of the checkout. */
function toPath(file: string): string {
  return resolve(ROOT, loadSettings('DATA_DIR').DATA_DIR, file);
}

/** A stack that was killed leaves a file behind, which then says nothing. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A file that is missing, cut off or somebody else's names nothing. */
async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
