import { execFile } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A folder with a disk of its own, in memory, that can be made to be full. */
export type SmallDisk = {
  /** Leaves `freeBytes` of room. */
  readonly fill: (freeBytes: number) => Promise<void>;
  /** Gives all the room back. */
  readonly empty: () => Promise<void>;
  readonly unmount: () => Promise<void>;
};

const ROOM = '4g';
const PAGE_BYTES = 4096;
const FILL_ATTEMPTS = 10;

/** Mounts a small disk at `dir`; returns undefined where this user may not mount. */
export async function mountSmallDisk(dir: string): Promise<SmallDisk | undefined> {
  await mkdir(dir, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${ROOM}`, 'tmpfs', dir]);
  } catch {
    // Not root, or a container that may not: the caller says that the fault is skipped.
    return undefined;
  }
  const resize = (size: string) => run('mount', ['-o', `remount,size=${size}`, dir]);
  return {
    fill: async (freeBytes) => {
      for (let attempt = 1; ; attempt += 1) {
        const { blocks, bfree, bsize } = await statfs(dir);
        const wantedBytes = (blocks - bfree) * bsize + freeBytes * attempt;
        try {
          await resize(`${Math.ceil(wantedBytes / PAGE_BYTES) * PAGE_BYTES}`);
          return;
        } catch (error) {
          // More was written meanwhile than the new size holds.
          if (attempt === FILL_ATTEMPTS) throw error;
        }
      }
    },
    empty: async () => {
      await resize(ROOM);
    },
    unmount: async () => {
      // Lazily: a log that is still open must not keep the disk for ever.
      await run('umount', ['-l', dir]);
    },
  };
}
