import { describe, expect, it } from 'vitest';
import { isUsableToken } from './token.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const seconds = (ms: number) =>
  Math.floor(ms / 1000)
    .toString(16)
    .toUpperCase()
    .padStart(8, '0');

describe('isUsableToken', () => {
  it('takes what MongoDB writes', () => {
    expect(isUsableToken(`82${seconds(NOW)}000000012B022C0100296E04`, NOW)).toBe(true);
  });

  it.each([
    ['words', 'nonsense'],
    ['nothing but the beginning', '82'],
    ['another type of key', `83${seconds(NOW)}000000012B02`],
    ['lower case', `82${seconds(NOW)}0000000a2b022c`],
    ['a time that is long to come', `82${seconds(NOW + 2 * 3600 * 1000)}000000012B02`],
    ['the greatest of all', `82${'F'.repeat(60)}`],
    ['an endless one', `82${'0'.repeat(5000)}`],
  ])('refuses %s', (_what, token) => {
    expect(isUsableToken(token, NOW)).toBe(false);
  });
});
