import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that names the stores of a running stack. */
type AddressesFile = {
  /** Removes it; then nobody looks for the stores any more. */
  readonly remove: () => Promise<void>;
};

/**
 * Writes where Redis and MongoDB of this stack are into `addresses.json` of its data folder, for commands that talk to
 * them: their ports are others at every start. `pid` tells whether the stack still runs. Readable by its owner alone,
 * because an address may hold a password. Call it while the folder is locked.
 */
export async function writeAddresses(
  dataDir: string,
  stores: { readonly redisUrl: string; readonly mongodbUri: string },
): Promise<AddressesFile> {
  const file = join(dataDir, 'addresses.json');
  const remove = () => rm(file, { force: true });
  // What a killed run left may be readable by others: the mode counts only for a new file.
  await remove();
  const { redisUrl, mongodbUri } = stores;
  await writeFile(file, `${JSON.stringify({ pid: process.pid, redisUrl, mongodbUri }, null, 2)}\n`, {
    mode: 0o600,
    flag: 'wx',
  });
  return { remove };
}
