import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartContext } from './case.ts';

/** Makes a folder that is removed when the case is over; call it before starting what uses it. */
export async function makeFolder({ resources }: Pick<StartContext, 'resources'>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}
