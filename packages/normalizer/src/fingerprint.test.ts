import { expect, it } from 'vitest';
import { toFingerprint } from './fingerprint.ts';

function mask(message: string): string {
  return toFingerprint('ERR_UNEXPECTED', message, 'normalize').text;
}

it.each([
  ['cannot read "abc" of \'x y\'', 'cannot read <value> of <value>'],
  ["it doesn't work, isn't it", "it doesn't work, isn't it"],
  ['event evt_0123456789abcdef0123456789abcdef failed', 'event <id> failed'],
  ['id 550e8400-e29b-41d4-a716-446655440000.', 'id <id>.'],
  ['object 507f1f77bcf86cd799439011', 'object <id>'],
  ['at 2024-01-01T10:00:00.123Z and 2024-01-01', 'at <time> and <time>'],
  ['took 1,200.5 ms,\n 3 times', 'took <n> ms, <n> times'],
  ['/items/12/price', '/items/<n>/price'],
  ['/items.price.gross is missing', '/items.price.gross is missing'],
  ['connect ECONNREFUSED 10.1.2.3:27017', 'connect ECONNREFUSED <host>'],
  ['getaddrinfo ENOTFOUND db-7.example.com', 'getaddrinfo ENOTFOUND <host>'],
  ['no answer of shop.example.com:8443 or [::1]:80', 'no answer of <host> or <host>'],
  ['GET https://shop.example.com/orders?id=7 said no', 'GET <url> said no'],
  ['refused by ops+7@example.com', 'refused by <email>'],
])('masks %j', (message, masked) => {
  expect(mask(message)).toBe(masked);
});

it('groups failures that differ only in what is masked', () => {
  const one = toFingerprint('ERR_FIELD_UNREADABLE', 'amount at /price: "abc" (3 characters)', 'normalize');
  const two = toFingerprint('ERR_FIELD_UNREADABLE', 'amount at /price: "x" (1 characters)', 'normalize');
  expect(two).toEqual(one);
  expect(one.fingerprint).toMatch(/^1-[0-9a-f]{16}$/);
});

it('keeps codes, stages and fields apart', () => {
  const prints = [
    toFingerprint('ERR_A', 'amount', 'normalize'),
    toFingerprint('ERR_B', 'amount', 'normalize'),
    toFingerprint('ERR_A', 'amount', 'parse'),
    toFingerprint('ERR_A', 'metric', 'normalize'),
  ].map(({ fingerprint }) => fingerprint);
  expect(new Set(prints).size).toBe(4);
});

it('takes a hostile message in no time', () => {
  const start = performance.now();
  for (const piece of ['"', "'", 'a', '1', '1,', 'a_', ' ', '2024-01-01T']) mask(piece.repeat(1_000_000));
  expect(performance.now() - start).toBeLessThan(1000);
});
