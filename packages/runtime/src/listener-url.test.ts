import { expect, test } from 'vitest';
import { toListenerUrl } from './listener-url.ts';

test.each([
  ['127.0.0.1', 'http://127.0.0.1:3000'],
  ['0.0.0.0', 'http://127.0.0.1:3000'],
  ['::', 'http://[::1]:3000'],
  ['::1', 'http://[::1]:3000'],
  ['sluice.example.com', 'http://sluice.example.com:3000'],
])('a listener on %s is reached at %s', (host, url) => {
  expect(toListenerUrl(host, 3000)).toBe(url);
});
