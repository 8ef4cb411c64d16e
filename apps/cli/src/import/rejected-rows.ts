import { appendFile, rm, stat, truncate } from 'node:fs/promises';

/** A row that was not taken, and why. */
export type RejectedRow = {
  readonly line: number;
  readonly code: string;
  readonly detail: string;
  /** The payload as it was sent, or the first 4 KiB of what could not be. */
  readonly row: string;
};

/** The file of rejected rows, one JSON line each; it is made with the first row. */
export type RejectedRows = {
  /** Adds rows and returns the length of the file. */
  add(rows: readonly RejectedRow[]): Promise<number>;
};

/**
 * Opens the file of rejected rows. What stands in it behind `fromBytes` was written by an import that was killed before
 * it noted so, and is dropped: those rows come again.
 */
export async function openRejectedRows(path: string, fromBytes: number): Promise<RejectedRows> {
  const found = await stat(path).catch(() => undefined);
  let length = Math.min(fromBytes, found?.size ?? 0);
  if (length === 0) await rm(path, { force: true });
  else await truncate(path, length);

  return {
    async add(rows) {
      if (rows.length === 0) return length;
      const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
      await appendFile(path, bytes);
      length += bytes.length;
      return length;
    },
  };
}
