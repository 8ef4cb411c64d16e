import { createHash } from 'node:crypto';
import { open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { CliError, toMessage } from '../cli-error.ts';
import { toUnitBytes } from '../encoding.ts';
import { EXIT } from '../exit-codes.ts';

const count = z.number().int().min(0);

const stateSchema = z.object({
  version: z.literal(1),
  source: z.string(),
  format: z.enum(['ndjson', 'csv']),
  encoding: z.string().default('utf-8'),
  delimiter: z.string(),
  /** The beginning of the file as it was, by which it is known again. */
  head: z.object({ bytes: count, sha256: z.string() }),
  /** Everything before this byte is settled; it is the beginning of a row. */
  offset: count,
  line: count,
  columns: z.array(z.string()).nullable(),
  counts: z.object({ rows: count, accepted: count, duplicates: count, rejected: count }),
  /** How long the file of rejected rows was. */
  rejectedBytes: count,
  /** Whether the end of the file was reached. */
  done: z.boolean(),
});

/** How far a file was imported, as it is kept beside the file. */
export type ImportState = z.infer<typeof stateSchema>;

/** What tells one import of a file from another. */
export type ImportKind = Pick<ImportState, 'source' | 'format' | 'encoding' | 'delimiter'>;

const HEAD_BYTES = 64 * 1024;

/** Names the file that holds how far a file was imported. */
export function toStatePath(file: string): string {
  return `${file}.sluice-import.json`;
}

/** Names the file that gets the rows that were rejected. */
export function toRejectedPath(file: string): string {
  return `${file}.rejected.ndjson`;
}

/** Makes the state of an import that has not begun. */
export async function newState(file: string, kind: ImportKind): Promise<ImportState> {
  const { size } = await stat(file);
  return {
    version: 1,
    ...kind,
    head: await readHead(file, Math.min(size, HEAD_BYTES)),
    offset: 0,
    line: 0,
    columns: null,
    counts: { rows: 0, accepted: 0, duplicates: 0, rejected: 0 },
    rejectedBytes: 0,
    done: false,
  };
}

/**
 * Reads how far a file was imported; null when nothing of it was settled.
 *
 * @throws CliError when the state is of another import, or the file is another than it was
 */
export async function readState(file: string, kind: ImportKind): Promise<ImportState | null> {
  const path = toStatePath(file);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new CliError(EXIT.usage, `${path} cannot be read: ${toMessage(error)}.`, { cause: error });
  }
  const state = parseState(text);
  if (state === undefined) throw refuse(path, 'cannot be read');
  // Nothing holds it to this option or that content. The header, too, is read again, where it was all that the file held.
  if (state.offset === 0) return null;
  for (const name of ['source', 'format', 'encoding', 'delimiter'] as const) {
    if (state[name] !== kind[name]) {
      throw refuse(
        path,
        `is of an import with ${name} ${JSON.stringify(state[name])}, not ${JSON.stringify(kind[name])}`,
      );
    }
  }
  const { size } = await stat(file);
  const isSame =
    size >= state.offset && (await readHead(file, state.head.bytes)).sha256 === state.head.sha256;
  if (!isSame) throw refuse(path, 'is of another content of this file, which was changed since');
  return skipLineEnd(file, state);
}

/**
 * Writes the state in one step: whoever is killed leaves the old one or the new one.
 *
 * @throws CliError when it cannot be written
 */
export async function writeState(file: string, state: ImportState): Promise<void> {
  const path = toStatePath(file);
  const draft = `${path}.new`;
  try {
    await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`);
    await rename(draft, path);
  } catch (cause) {
    throw new CliError(
      EXIT.usage,
      `How far the import came is kept beside the file, and cannot be written: ${toMessage(cause)}. Make the folder writable, or import a copy that is in another one.`,
      { cause },
    );
  }
}

/**
 * A last line without an ending may have got one since: that belongs to it, and is no line of its own. Where anything
 * else follows, only its beginning was there and was sent.
 */
async function skipLineEnd(file: string, state: ImportState): Promise<ImportState> {
  const unitBytes = toUnitBytes(state.encoding);
  const bytes = await readBytes(file, state.offset - unitBytes, 3 * unitBytes);
  const text = new TextDecoder(state.encoding).decode(bytes);
  const ending = /^[^\n](\r?\n)/.exec(text)?.[1] ?? '';
  if (ending === '' && text.length > 1 && !text.startsWith('\n')) {
    throw new CliError(
      EXIT.usage,
      `${file} was imported when line ${state.line} was not written to its end, and what stood there was taken for a row: when the file is complete, --restart imports it from its beginning; the other rows that were sent already are recognised.`,
    );
  }
  return { ...state, offset: state.offset + ending.length * unitBytes };
}

function parseState(text: string): ImportState | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function refuse(path: string, why: string): CliError {
  return new CliError(
    EXIT.usage,
    `${path} ${why}: --restart imports the file from its beginning; rows that were sent already are recognised.`,
  );
}

async function readHead(file: string, bytes: number): Promise<ImportState['head']> {
  const head = await readBytes(file, 0, bytes);
  return { bytes, sha256: createHash('sha256').update(head).digest('hex') };
}

async function readBytes(file: string, from: number, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
