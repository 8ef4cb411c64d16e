import { expect, test } from 'vitest';
import { MAX_WAIT_MS, readWaitMs } from './retry-after.ts';

const nowMs = Date.parse('2026-06-01T12:00:00Z');
const date = 'Mon, 01 Jun 2026 11:00:00 GMT';

test.each([
  [{}, null],
  [{ 'retry-after': '7' }, 7000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': 'Mon, 01 Jun 2026 12:00:30 GMT' }, 30_000],
  [{ 'retry-after': 'Mon, 01 Jun 2026 11:00:30 GMT', date }, 30_000],
  [{ 'retry-after': 'Mon, 01 Jun 2020 11:00:30 GMT' }, 0],
  [{ 'retry-after': 'soon' }, null],
  [{ 'retry-after': '999999999' }, MAX_WAIT_MS],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '90' }, 90_000],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowMs / 1000 + 5) }, 5000],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowMs + 5000) }, 5000],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowMs - 5000) }, 0],
  [{ 'ratelimit-remaining': '3', 'ratelimit-reset': '90' }, null],
  [{ 'ratelimit-remaining': '0' }, null],
])('reads %j', (headers, waitMs) => {
  expect(readWaitMs(headers, nowMs)).toBe(waitMs);
});
