import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartContext } from './case.ts';

type Resources = Pick<StartContext, 'resources'>;

const IN_MEMORY = '/dev/shm';

/** Makes a folder that is removed when the case is over; call it before starting what uses it. */
export async function makeFolder({ resources }: Resources, within = tmpdir()): Promise<string> {
  const dir = await mkdtemp(join(within, 'sluice-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Makes such a folder in memory; null where there is no place for it. */
export async function makeMemoryFolder(context: Resources): Promise<string | null> {
  try {
    await access(IN_MEMORY, constants.W_OK);
  } catch {
    return null;
  }
  return makeFolder(context, IN_MEMORY);
}
