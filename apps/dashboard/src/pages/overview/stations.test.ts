import type { Stats } from '@sluice/contracts/api';
import type { SyncHealth } from '@sluice/contracts/sync';
import { createElement, Fragment } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { toStations } from './stations.tsx';

const STATS = {
  queue: { waiting: 3, active: 0, delayed: 0, parked: 0, failed: 0 },
  oldestWaitingMs: 20,
  inbox: 0,
} as unknown as Stats;
const COUNTS = { accepted: 0, normalized: 0, duplicate: 0, failed: 0, dead: 0, rejected: 0 };

const read = (knownMs: number) =>
  toStations(STATS, COUNTS, knownMs, null).map(({ station, figure, lines }) => [station, figure, lines[0]]);

it('says of a time in which nothing was counted that nobody knows, and of the queue what waits now', () => {
  expect(read(0)).toEqual([
    ['Received', '–', 'not known'],
    ['Verified', '–', 'not known'],
    ['Queued', '3', 'oldest 20 ms'],
    ['Normalized', '–', 'not known'],
    ['Stored', '–', 'not known'],
    ['Replicated', '–', 'not known'],
  ]);
});

it('says zero of a time in which nothing came', () => {
  expect(read(60_000).slice(0, 2)).toEqual([
    ['Received', '0', '0/min'],
    ['Verified', '0', '0/min'],
  ]);
});

it('does not say that none was rejected where such requests were forgotten', () => {
  const [, verified] = toStations(STATS, COUNTS, 60_000, null, false);
  expect(verified?.lines).toContain('rejected: not known');
});

it('says since when the lag of a backup is unknown as every other time is written', () => {
  const lagUnknownSince = '2026-01-02T03:04:05.678Z';
  const lag = { lag: `unknown since ${lagUnknownSince}`, lagSeconds: null, lagUnknownSince };
  const backup = { state: 'silent', reason: 'gone', ...lag } as unknown as SyncHealth;
  const lines = toStations(STATS, COUNTS, 60_000, backup).at(-1)?.lines;
  const shown = renderToStaticMarkup(createElement(Fragment, null, lines?.[0]));
  expect(shown.replaceAll(/<[^>]+>/g, '')).toBe('lag unknown since 2026-01-02 03:04:05Z');
});
