import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './say.ts';

/** Returns a folder that keeps what was downloaded: below `~/.cache/sluice`, or `sluice` in XDG_CACHE_HOME. */
export function toCacheDir(env: Environment, name: string): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.cache'), 'sluice', name);
}
