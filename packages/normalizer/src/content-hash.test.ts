import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { toContentHash } from './content-hash.ts';
import { decodeUtf8, parseSafeJson } from './safe-json.ts';

function hashText(text: string, source = 'shop'): string {
  const body = Buffer.from(text);
  const { value, exact } = parseSafeJson(decodeUtf8(body));
  return toContentHash({ source, payload: value, exact, body });
}

it('is the SHA-256 of the canonical JSON of source and payload', () => {
  const text = '{"payload":{"a":1,"b":[2]},"source":"shop"}';
  expect(hashText('{"b":[2.0], "a":1e0}')).toBe(createHash('sha256').update(text).digest('hex'));
});

it('does not see white space, key order and the spelling of numbers', () => {
  expect(hashText('{"a":1,"b":"é"}')).toBe(hashText(' { "b" : "\\u00e9", "a" : 1.0 }'));
});

it('sees values, types and the source', () => {
  const hashes = ['{"a":1}', '{"a":2}', '{"a":"1"}', '[{"a":1}]', 'null'].map((text) => hashText(text));
  expect(new Set([...hashes, hashText('{"a":1}', 'other')]).size).toBe(6);
});

it('keeps numbers apart that parsing would make equal', () => {
  expect(hashText('{"id":12345678901234567890}')).not.toBe(hashText('{"id":12345678901234567891}'));
  expect(hashText('[1e400]')).not.toBe(hashText('[1e401]'));
});

it('hashes a body that is not JSON by its bytes and its source', () => {
  const plain = { payload: undefined, exact: true, body: Buffer.from('hello') };
  const hash = toContentHash({ source: 'a', ...plain });
  expect(toContentHash({ source: 'a', ...plain })).toBe(hash);
  expect(toContentHash({ source: 'b', ...plain })).not.toBe(hash);
  expect(toContentHash({ source: 'a', ...plain, body: Buffer.from('hello ') })).not.toBe(hash);
  expect(toContentHash({ source: 'a', payload: 'hello', exact: true, body: Buffer.from('hello') })).not.toBe(
    hash,
  );
});

it('sees what the request names beside the payload, and nothing where it names nothing', () => {
  const plain = { source: 'shop', payload: { order: 7 }, exact: true, body: Buffer.from('{"order":7}') };
  const hash = toContentHash(plain);
  expect(toContentHash({ ...plain, attributes: {} })).toBe(hash);
  expect(toContentHash({ ...plain, attributes: { type: undefined } })).toBe(hash);
  const named = [
    { id: 'order.created' },
    { type: 'order.created' },
    { type: 'order.cancelled' },
    { schemaVersion: 2 },
    { subject: 'order.created' },
    { time: '2026-11-22T06:01:00Z' },
    { dataSchema: 'https://example.com/order' },
  ];
  for (const exact of [true, false]) {
    const hashes = [{}, ...named].map((attributes) => toContentHash({ ...plain, exact, attributes }));
    expect(new Set(hashes).size).toBe(hashes.length);
  }
});
