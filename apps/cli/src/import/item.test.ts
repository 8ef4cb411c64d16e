import { describe, expect, it } from 'vitest';
import { createItemWriter } from './item.ts';

/** Returns the idempotency key of a row that is imported with `--key-field id`. */
function toKey(json: string): string {
  const options = { source: 'shop', type: undefined, schemaVersion: undefined };
  const write = createItemWriter({ ...options, keyField: 'id', fileName: 'rows.ndjson' });
  const item = write({ line: 1, end: 0, content: { ok: true, json: Buffer.from(json) } }).toString();
  return (JSON.parse(item) as { idempotencyKey: string }).idempotencyKey;
}

describe('the key of a row, taken from a field', () => {
  it.each([
    ['{"id":"order 7"}', 'order 7'],
    ['{"id":7,"nested":{"id":8}}', '7'],
    ['{"id":1234567890123456789}', '1234567890123456789'],
    ['{ "n": [{"id":1}], "\\u0069d" : 1234567890123456788 }', '1234567890123456788'],
    ['{"id":1,"id":12345678901234567890}', '12345678901234567890'],
  ])('of %s is %s', (json, key) => {
    expect(toKey(json)).toBe(key);
  });

  it.each(['{"id":null}', '{"id":[7]}', '{}', '[7]'])('is made of %s and its place', (json) => {
    expect(toKey(json)).toMatch(/^import-[0-9a-f]{40}$/);
  });
});
