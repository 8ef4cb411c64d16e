import { createHash } from 'node:crypto';
import { isJsonObject } from '@sluice/contracts/json';
import { sliceMember } from '@sluice/sources/poll/json-slice';
import type { Row } from './row.ts';

/** What an item of a batch says beside its payload. */
export type ItemOptions = {
  readonly source: string;
  readonly type: string | undefined;
  readonly schemaVersion: number | undefined;
  /** The field of each row that holds its idempotency key; without one the key is made of the row and its place. */
  readonly keyField: string | undefined;
  /** The name of the file, without its folder. */
  readonly fileName: string;
};

/** A row on its way: its place in the chunk, and the line of the batch that carries it. */
export type Item = { readonly at: number; readonly line: Buffer };

/** Makes the function that writes a row as an item of a batch. The payload goes in as the bytes that were read. */
export function createItemWriter(options: ItemOptions): (row: Row & { content: { ok: true } }) => Buffer {
  const { source, type, schemaVersion, keyField, fileName } = options;
  const head = [
    `{"source":${JSON.stringify(source)}`,
    type === undefined ? '' : `,"type":${JSON.stringify(type)}`,
    schemaVersion === undefined ? '' : `,"schemaVersion":${schemaVersion}`,
    ',"idempotencyKey":',
  ].join('');

  return ({ line, content: { json } }) => {
    const key = (keyField === undefined ? undefined : readKey(json, keyField)) ?? toKey(fileName, line, json);
    return Buffer.concat([Buffer.from(`${head}${JSON.stringify(key)},"payload":`), json, CLOSE]);
  };
}

const CLOSE = Buffer.from('}\n');

/**
 * Two equal rows of a file are two events, and the same row sent again is the same event: so its place belongs to the
 * key. So does its content: a row that was changed in its place is another event.
 */
function toKey(fileName: string, line: number, json: Buffer): string {
  const hash = createHash('sha256').update(`${fileName}\0${line}\0`).update(json).digest('hex');
  return `import-${hash.slice(0, 40)}`;
}

/** A number is a key by its own digits: those of a large one are not exact once it is parsed. */
function readKey(json: Buffer, field: string): string | undefined {
  const text = json.toString('utf8');
  const value: unknown = JSON.parse(text);
  const key = isJsonObject(value) ? value[field] : undefined;
  if (typeof key === 'number') return sliceMember(text, field);
  return typeof key === 'string' ? key : undefined;
}
