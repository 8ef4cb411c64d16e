import { Binary, BSON, Double, Int32, Long, ObjectId } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { compareDocuments } from './compare-documents.ts';

const toRaw = (document: object) => BSON.serialize(document);

function compare(primary: object | null, backup: object | null, collection = 'items') {
  return compareDocuments(
    collection,
    primary === null ? null : toRaw(primary),
    backup === null ? null : toRaw(backup),
  );
}

/** The fields that differ, as `path: primary | backup`. */
function listDiffering({ fields }: ReturnType<typeof compare>): readonly string[] {
  return fields
    .filter(({ differs }) => differs)
    .map(({ path, primary, backup }) => `${path}: ${primary} | ${backup}`);
}

describe('two documents', () => {
  it('are compared field by field, to the inner ones', () => {
    const id = new ObjectId();
    const found = compare(
      { _id: id, a: 'x', b: { c: 1, d: [1, 2] }, gone: true, at: new Date(0) },
      { _id: id, a: 'y', b: { c: 1, d: [1, 3] }, added: null, at: new Date(0) },
    );
    expect(found).toMatchObject({ onPrimary: true, onBackup: true, equal: false, orderDiffers: false });
    expect(listDiffering(found)).toEqual([
      'a: "x" | "y"',
      'b.d.1: 2 | 3',
      'gone: true | null',
      'added: null | null',
    ]);
    expect(found.fields.find(({ path }) => path === 'at')?.primary).toBe('1970-01-01T00:00:00.000Z');
    expect(found.fields.find(({ path }) => path === '_id')?.backup).toBe(`ObjectId ${id.toHexString()}`);
    expect(found.fieldCount).toBe(found.fields.length);
  });

  it('show types where only these differ, and order where only that does', () => {
    const numbers = compare({ a: new Int32(1), b: Long.fromNumber(2) }, { a: new Double(1), b: 2 });
    expect(listDiffering(numbers)).toEqual([
      'a: {"$numberInt":"1"} | {"$numberDouble":"1.0"}',
      'b: {"$numberLong":"2"} | {"$numberInt":"2"}',
    ]);
    const order = compare({ a: 1, b: 2 }, { b: 2, a: 1 });
    expect(order).toMatchObject({ equal: false, orderDiffers: true });
    expect(listDiffering(order)).toEqual([]);
    expect(compare({ a: 1 }, { a: 1 })).toMatchObject({ equal: true, orderDiffers: false });
  });

  it('may be on one side alone, or on none', () => {
    expect(compare({ a: 1 }, null)).toMatchObject({ onPrimary: true, onBackup: false, equal: false });
    expect(listDiffering(compare(null, { a: 1 }))).toEqual(['a: null | 1']);
    expect(compare(null, null)).toMatchObject({ equal: true, fields: [], fieldCount: 0 });
  });

  it('never show a secret or the hash of a key, only whether it differs', () => {
    const keys = compare(
      { _id: 'k', hash: 'one', name: 'n' },
      { _id: 'k', hash: 'two', name: 'n' },
      'api_keys',
    );
    const source = compare(
      {
        source: { secrets: [{ sealed: 'one' }], auth: { username: 'u' } },
        headers: { authorization: 'one', 'x-api-key': 'one', cookie: 'one' },
        data: { Password: 'one', accessToken: { inner: 'one' } },
      },
      { source: { secrets: [{ sealed: 'two' }] } },
      'sources',
    );
    const events = compare({ contentHash: 'h', normalizedHash: 'n', idempotencyKey: 'i' }, null);
    expect(keys.fields.find(({ path }) => path === 'hash')).toEqual({
      ...{ path: 'hash', primary: 'not shown', backup: 'not shown', differs: true, hidden: true },
    });
    expect(JSON.stringify([keys, source])).not.toMatch(/one|two/);
    expect(source.fields.every(({ hidden }) => hidden)).toBe(true);
    expect(events.fields.some(({ hidden }) => hidden)).toBe(false);
  });

  it('are shown as far as they differ when they are long, and have many fields', () => {
    const long = 'x'.repeat(5000);
    const [body] = compare({ body: `${long}1` }, { body: `${long}2` }).fields;
    expect(body?.primary).toMatch(/^… x+1"$/);
    expect(body?.backup).toMatch(/^… x+2"$/);
    const toWide = (last: number) =>
      Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`f${n}`, n === 999 ? last : n]));
    const wide = compare(toWide(1), toWide(2));
    expect(wide).toMatchObject({ fieldCount: 1000 });
    expect(wide.fields).toHaveLength(300);
    expect(listDiffering(wide)).toEqual(['f999: 1 | 2']);
    const bytes = compare(
      { body: new Binary(Buffer.from('{"a":1}')) },
      { body: new Binary(Buffer.from([255])) },
    );
    expect(listDiffering(bytes)).toEqual(['body: {"a":1} | 1 B, base64 /w==']);
  });

  it('are compared as a whole where there is too much to list, and nothing of that is shown', () => {
    const toBig = (last: string) => ({
      _id: 'a',
      event: { tenant: 'acme', headers: [...Array.from({ length: 29_999 }, (_, n) => `${n}`), last] },
      after: { v: 1 },
    });
    const found = compare(toBig('one'), toBig('two'));
    expect(found).toMatchObject({
      equal: false,
      orderDiffers: false,
      fieldCount: 4,
      tenants: ['acme', 'acme'],
    });
    expect(found.fields.map(({ path }) => path)).toEqual(['_id', 'event.tenant', 'event.headers', 'after.v']);
    const words = '30000 values, too many to list';
    expect(listDiffering(found)).toEqual([`event.headers: ${words} | ${words}`]);
    expect(listDiffering(compare(toBig('one'), toBig('one')))).toEqual([]);
    // Beside what the other side has of it, which is little.
    expect(listDiffering(compare(toBig('one'), { ...toBig('one'), event: { headers: 1 } }))).toEqual([
      'event.tenant: "acme" | null',
      `event.headers: ${words} | 1`,
    ]);
    const toWide = (last: string) =>
      Object.fromEntries([...Array.from({ length: 30_000 }, (_, n) => [`f${n}`, n]), ['tenant', last]]);
    const wide = compare(toWide('a'), toWide('b'));
    expect(wide).toMatchObject({ fieldCount: 1, tenants: ['a', 'b'] });
    expect(listDiffering(wide)).toEqual([
      '(document): 30001 values, too many to list | 30001 values, too many to list',
    ]);
  });

  it('name their tenants', () => {
    expect(compare({ tenant: 'a' }, { tenant: 'b' }).tenants).toEqual(['a', 'b']);
    expect(compare({ event: { tenant: 'a' } }, null).tenants).toEqual(['a']);
    expect(compare({ tenant: null, data: { tenant: 'x' } }, null).tenants).toEqual([]);
  });
});
