import { toManualSlot } from '@sluice/contracts/poll';
import type { PollSource } from '@sluice/contracts/source';
import { createTestNames } from '@sluice/local/test-names';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { startAnswerServer } from './answer-server.ts';
import { expectQueued, openPlace, range, startScheduler, toSource } from './scheduler.ts';

const { prefix, mongoUrl } = createTestNames();
const at = { redisUrl: inject('redisUrl'), mongoUrl, prefix };
const SOON = { timeout: 30_000, interval: 50 };
const BEGIN_MS = Date.UTC(2026, 0, 1);
let place: Awaited<ReturnType<typeof openPlace>>;

beforeAll(async () => {
  place = await openPlace(at);
});
afterAll(() => place.close());

/** Declares a source without pages, and starts a scheduler for it that is closed when the test is over. */
async function poll(id: string, url: string, more: Partial<PollSource>, name = `${id}-1`) {
  const { pageParam: _, ...source } = toSource(id, url);
  const scheduler = await startScheduler(at, name, [{ ...source, recordsPath: '', ...more }]);
  const close = once(scheduler.close);
  onTestFinished(close);
  return { ...scheduler, close };
}

function once(close: () => Promise<void>): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () => {
    closed ??= close();
    return closed;
  };
}

function untilRun(source: string, outcome: string) {
  return vi.waitFor(async () => {
    const run = (await place.listRuns(source)).find((found) => found.outcome === outcome);
    return run ?? expect.fail(`No run of ${source} is ${outcome}.`);
  }, SOON);
}

const toTime = (n: number) => new Date(BEGIN_MS + n * 1000).toISOString();

describe('an answer that is cut at the end of a line', () => {
  const FORMATS = {
    csv: (ids: readonly number[]) => `id,updated_at\r\n${ids.map((n) => `${n},${toTime(n)}\r\n`).join('')}`,
    ndjson: (ids: readonly number[]) =>
      ids.map((id) => `${JSON.stringify({ id, updated_at: toTime(id) })}\n`).join(''),
  } as const;

  it.each([
    ['csv', 'length'],
    ['csv', 'chunks'],
    ['ndjson', 'length'],
    ['ndjson', 'chunks'],
  ] as const)('%s with %s: fails the run and moves no checkpoint', async (format, framing) => {
    const id = `cut-${format}-${framing}`;
    let isWhole = false;
    const url = await startAnswerServer((_url, response) => {
      const whole = FORMATS[format](range(1, 9));
      if (isWhole) return void response.end(whole);
      const cut = FORMATS[format](range(1, 4));
      if (framing === 'length') response.setHeader('content-length', Buffer.byteLength(whole));
      response.write(cut, () => response.destroy());
    });
    await poll(id, url, { format });
    const failed = await untilRun(id, 'failed');
    expect(failed.error).toMatch(/broke off in its answer|broke off the connection/);
    expect(failed).toMatchObject({ pages: 0, records: 0, cursorAfter: null });
    expect(await place.readCheckpoint(id)).toMatchObject({ revision: 0 });
    expect(await place.listQueued(id)).toEqual([]);
    isWhole = true;
    await expectQueued(place, id, range(1, 9));
  });
});

describe('a source that gives so many records at once and has no pages', () => {
  /** Serves records by `since` and `limit`, the oldest change first, and never more than `grants` of them. */
  function serve(records: readonly { id: number; atMs: number }[], grants: number) {
    return startAnswerServer(({ searchParams }, response) => {
      const since = Date.parse(searchParams.get('since') ?? toTime(0));
      const limit = Math.min(grants, Number(searchParams.get('limit')));
      const items = records.filter(({ atMs }) => atMs >= since).slice(0, limit);
      response.end(
        JSON.stringify(items.map(({ id, atMs }) => ({ id, updated_at: new Date(atMs).toISOString() }))),
      );
    });
  }

  // Ten records a second but for one in which thirty changed at once; all within the lookback.
  const records = range(1, 200).map((id) => ({
    id,
    atMs: BEGIN_MS + (id > 80 && id <= 110 ? 8000 : id * 100),
  }));

  it('is read to its end, also where more than that have the same time', async () => {
    await poll('walked', await serve(records, 1000), { limitParam: 'limit', pageSize: 20 });
    await expectQueued(place, 'walked', range(1, 200));
    const run = await untilRun('walked', 'polled');
    expect(run).toMatchObject({ problems: { count: 0 }, cursorAfter: toTime(20) });
  });

  it('is seen to be stuck where it cannot be read any further, and is not taken for read', async () => {
    await poll('stuck', await serve(records, 20), { limitParam: 'limit', pageSize: 20 });
    const run = await untilRun('stuck', 'failed');
    expect(run.error).toMatch(/^Stuck at 2026-01-01T00:00:08\.000Z: the source gives 20 records at once/);
    expect((await place.listQueued('stuck')).length).toBeGreaterThanOrEqual(80);
    expect((await place.listRuns('stuck')).map(({ outcome }) => outcome)).not.toContain('polled');
  });
});

describe('an answer that uses a rate limit up', () => {
  it('is taken, and every scheduler knows until when nobody asks again', async () => {
    let asked = 0;
    const url = await startAnswerServer((_url, response) => {
      asked += 1;
      response.setHeader('x-ratelimit-remaining', '0').setHeader('x-ratelimit-reset', '1800');
      response.end(`[{"id":1,"updated_at":"${toTime(1)}"}]`);
    });
    const atLeast = Date.now() + 1_700_000;
    const first = await poll('used-up', url, {});
    const run = await untilRun('used-up', 'polled');
    expect(run.waitingUntil?.getTime()).toBeGreaterThan(atLeast);
    await expectQueued(place, 'used-up', [1]);
    await first.close();

    const second = await poll('used-up', url, {}, 'used-up-2');
    const slot = toManualSlot(Date.now());
    await second.pollQueue.addPoll({ source: 'used-up', tenant: 'default', slot });
    const told = await vi.waitFor(async () => {
      const [last] = await place.listRuns('used-up');
      expect(last?.slot).toBe(slot);
      return last;
    }, SOON);
    expect(told).toMatchObject({ outcome: 'waiting', scheduler: 'used-up-2' });
    expect(told?.waitingUntil?.getTime()).toBeGreaterThan(atLeast);
    expect(asked).toBe(1);
  });
});
