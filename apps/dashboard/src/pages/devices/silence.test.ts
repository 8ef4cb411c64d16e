import { expect, it } from 'vitest';
import { toSilentAfterMs } from './silence.ts';

const NOW = 1_000_000_000;
const ago = (seconds: number) => NOW / 1000 - seconds;

it('takes half of the devices for the measure, and a minute for the least', () => {
  expect(toSilentAfterMs([ago(30), ago(40), ago(5000)], NOW)).toBe(120_000);
  expect(toSilentAfterMs([ago(1), ago(2), ago(3)], NOW)).toBe(60_000);
  expect(toSilentAfterMs([], NOW)).toBe(60_000);
  // One that is ahead of our clock is not silent.
  expect(toSilentAfterMs([ago(-100), ago(50), ago(60)], NOW)).toBe(150_000);
});
