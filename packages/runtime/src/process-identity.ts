import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Tells where this process runs and of which version it is. */
export function readProcessIdentity(): {
  readonly host: string;
  readonly pid: number;
  readonly version: string;
} {
  const packageFile = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version }: { version: string } = JSON.parse(packageFile);
  return { host: hostname(), pid: process.pid, version };
}
