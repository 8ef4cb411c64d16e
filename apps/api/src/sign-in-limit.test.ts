import { expect, it } from 'vitest';
import { createSignInLimit } from './sign-in-limit.ts';

it('lets an address fail ten times a minute, and others go on', () => {
  let nowMs = 1_000_000;
  const limit = createSignInLimit(() => nowMs);
  for (let attempt = 0; attempt < 10; attempt += 1) expect(limit.begin('192.0.2.1')).toBe(0);
  expect(limit.begin('192.0.2.1')).toBe(60);
  expect(limit.begin('192.0.2.2')).toBe(0);
  nowMs += 60_000;
  expect(limit.begin('192.0.2.1')).toBe(0);
});

it('does not count what succeeded', () => {
  const limit = createSignInLimit(() => 1_000_000);
  for (let attempt = 0; attempt < 50; attempt += 1) {
    expect(limit.begin('192.0.2.1')).toBe(0);
    limit.succeed('192.0.2.1');
  }
});

it('takes the addresses of one IPv6 network for one', () => {
  const limit = createSignInLimit(() => 1_000_000);
  for (let attempt = 0; attempt < 10; attempt += 1) limit.begin(`2001:db8:1:2:${attempt}::1`);
  expect(limit.begin('2001:db8:1:2::99')).toBeGreaterThan(0);
  expect(limit.begin('2001:db8:1:3::99')).toBe(0);
});
