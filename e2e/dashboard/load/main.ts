/*
 * `npm run test:dashboard-load`: whether the dashboard is as quick as it has to be.
 *
 * 1. A whole Sluice is started on its own Redis and MongoDB, in a folder that is thrown away, and one browser.
 * 2. A list of 10,000 events is loaded and scrolled, by a processor that is made four times slower.
 * 3. Pages are opened and used, and what the browser itself says of them is kept.
 * 4. The live view and the list of events stay open for ten minutes (`--minutes`) while 200 events a second arrive.
 * 5. One table is printed; a figure over its limit fails.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { orUsage, parseOptions, readNumber } from '@sluice/local/command-line';
import { buildDashboard } from '@sluice/local/dashboard-build';
import { startStack } from '@sluice/local/stack';
import { ANY_PORTS } from '@sluice/local/stack-ports';
import { loadStackSettings } from '@sluice/runtime/stack-settings';
import { MongoClient } from 'mongodb';
import { chromium } from 'playwright-core';
import { BROWSER_ARGUMENTS, findBrowser } from '../find-browser.ts';
import { storeCopies } from './many-events.ts';
import { measureLoading, measureScrolling } from './rows.ts';
import { measureSteady } from './steady.ts';
import { measureVitals } from './vitals.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const USAGE =
  'Usage: npm run test:dashboard-load -- [--minutes N]\n\n  --minutes  how long pages stay open while events arrive (10)\n';
const ROWS = 10_000;
const PER_SECOND = 200;

/** One frame of a screen with 60 a second, of which the browser's clock tells tenths. */
const FRAME_MS = 16.8;

/** A figure, and what it may be at most. */
type Figure = {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
};

let isOver = false;

process.exitCode = await run();

async function run(): Promise<number> {
  const minutes = orUsage(USAGE, (words) =>
    readNumber('minutes', parseOptions(words, { minutes: { type: 'string', default: '10' } }).minutes),
  );
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  await using undo = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-load-'));
  undo.defer(() => rm(dataDir, { recursive: true, force: true }));
  await buildDashboard(ROOT, say);
  const { env } = loadStackSettings(ROOT, { HOST: '127.0.0.1', AUTH: 'off', DATA_DIR: dataDir });
  const stack = await startStack({
    ...{ root: ROOT, dataDir, env, say, ports: ANY_PORTS, workers: 2, schedulers: 1 },
    signal: interrupt.signal,
  });
  undo.defer(stack.stop);
  const mongo = await MongoClient.connect(stack.mongodbUri);
  undo.defer(() => mongo.close());
  const browser = await chromium.launch({ executablePath: findBrowser(), args: BROWSER_ARGUMENTS });
  undo.defer(() => browser.close());
  const open = async (path: string) => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(new URL(path, stack.apiUrl).href);
    return page;
  };

  const like = await send(stack.ingestUrl, [
    { source: 'many', payload: { metric: 'm', amount: 1, timestamp: 1 } },
  ]);
  await storeCopies(mongo.db(), like, ROWS);
  const list = await open('/settings');
  const rows = await measureLoading(list, { source: 'many', count: ROWS, slowDown: 4 });
  const scrolling = await measureScrolling(list);
  await list.close();
  print([
    { what: 'first rows of 10,000, 4 times slower', value: rows.firstMs, limit: 1000, unit: 'ms' },
    { what: 'all 10,000 rows, 4 times slower', value: rows.allMs, limit: 2500, unit: 'ms' },
    { what: 'rows in the page at once', value: rows.most, limit: 60, unit: 'rows' },
    { what: 'a frame while scrolling, p95', value: scrolling.frameMs, limit: FRAME_MS, unit: 'ms' },
    { what: 'nothing to see while scrolling', value: scrolling.blankMs, limit: 100, unit: 'ms' },
  ]);
  const vitals = await measureVitals(open);
  print([
    { what: `largest paint (LCP), ${vitals.lcp.path}`, value: vitals.lcp.value, limit: 1500, unit: 'ms' },
    { what: 'interaction to next paint (INP), p75', value: vitals.inpMs, limit: 150, unit: 'ms' },
    { what: `layout shift (CLS), ${vitals.cls.path}`, value: vitals.cls.value, limit: 0.05, unit: '' },
  ]);
  const opened = [await open('/live'), await open('/events')];
  let number = 0;
  const steady = await measureSteady(opened, {
    ...{ minutes, perSecond: PER_SECOND, signal: interrupt.signal },
    send: async (count) => {
      const timestamp = Math.floor(Date.now() / 1000);
      const items = Array.from({ length: count }, () => {
        number += 1;
        return { source: 'steady', payload: { metric: 'm', amount: number, timestamp } };
      });
      await send(stack.ingestUrl, items);
    },
  });
  print(
    steady.flatMap(({ path, busyPercent, grownMb }) => [
      { what: `main thread at ${PER_SECOND}/s, ${path}`, value: busyPercent, limit: 30, unit: '%' },
      { what: `heap grown in ${minutes} min, ${path}`, value: grownMb, limit: 20, unit: 'MB' },
    ]),
  );
  say(isOver ? 'Over a limit.' : 'Within all limits.');
  return isOver ? 1 : 0;
}

function print(figures: readonly Figure[]): void {
  for (const { what, value, limit, unit } of figures) {
    const text = value.toFixed(limit < 1 ? 3 : 1);
    // As it is printed: a frame takes 16.700000000000728 ms. A figure that is none is too much as well.
    const isTooMuch = !(Number(text) <= limit);
    isOver ||= isTooMuch;
    say(
      `${what.padEnd(40)} ${text.padStart(8)} of ${limit} ${unit} ${isTooMuch ? 'TOO MUCH' : ''}`.trimEnd(),
    );
  }
}

/** Sends events and returns the id of the first. @throws Error when they are not taken */
async function send(ingestUrl: string, events: readonly object[]): Promise<string> {
  const answer = await fetch(new URL('/api/events/batch', ingestUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  if (answer.status !== 202) throw new Error(`Events were answered ${answer.status}.`);
  const { results } = (await answer.json()) as { readonly results: readonly { readonly id: string }[] };
  return results[0]?.id ?? '';
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
