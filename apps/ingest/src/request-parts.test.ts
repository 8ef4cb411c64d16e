import { expect, it } from 'vitest';
import { toKeptHeaders } from './request-parts.ts';

const keep = (names: readonly string[], credentials: readonly string[] = []) => {
  const headers = Object.fromEntries(names.map((name) => [name, 'x']));
  return Object.keys(toKeptHeaders(headers, new Set(credentials)));
};

it.each([
  ...['authorization', 'proxy-authorization', 'cookie', 'x-gitlab-token', 'x-api-key', 'apikey', 'x-secret'],
  ...['x-access-key', 'x-auth-key', 'x-auth', 'x-amz-security-token', 'x-session-id', 'x-jwt', 'x-passwd'],
  ...['x-password', 'x-credential', 'x-private-key'],
])('keeps no header that lets others in: %s', (name) => {
  expect(keep([name])).toEqual([]);
});

it.each([
  'x-author',
  'x-keyboard',
  'x-request-id',
  'x-hub-signature-256',
  'webhook-id',
  'user-agent',
  'x-pass-through',
])('keeps what tells of the event: %s', (name) => {
  expect(keep([name])).toEqual([name]);
});

it('keeps none that some source declares to hold a credential', () => {
  expect(keep(['x-shop-pass', 'x-other'], ['x-shop-pass'])).toEqual(['x-other']);
});

it('keeps none that MongoDB would give back as something else', () => {
  expect(keep(['$ref', '$id', '$db', 'x-$ref'])).toEqual(['x-$ref']);
});
