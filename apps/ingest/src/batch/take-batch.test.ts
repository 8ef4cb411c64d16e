import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProblemException } from '@sluice/contracts/errors';
import type { AcceptedEvent } from '@sluice/contracts/event';
import { toAcceptedEvent } from '@sluice/protocol/accepted-event';
import type { Kept } from '@sluice/protocol/group-commit';
import { describe, expect, it } from 'vitest';
import { createNdjsonSplitter } from './ndjson-splitter.ts';
import type { Results } from './results.ts';
import { type Batch, takeBatch } from './take-batch.ts';

const MIB = 1024 ** 2;
const ID = `evt_${'0'.repeat(32)}`;

const read = (results: Results): unknown[] => JSON.parse([...results.write()].join(''));

function identify(body: Buffer): AcceptedEvent {
  const fixed = { tenant: 't', source: 's', via: 'batch', form: 'payload', headers: {}, key: null } as const;
  const rest = { contentType: 'text/plain', schemaVersion: 1, payload: undefined, exact: false } as const;
  return toAcceptedEvent({ ...fixed, ...rest, body, type: undefined, simulate: undefined, receivedAtMs: 0 });
}

/** A batch of so many lines of so many bytes, in chunks of 16 lines; counts the chunks that were read. */
function newBatch(lines: number, sizeBytes: number, parts: Partial<Batch>) {
  const read = { chunks: 0 };
  async function* toChunks() {
    for (let line = 0; line < lines; line += 16) {
      read.chunks += 1;
      const numbers = Array.from({ length: Math.min(16, lines - line) }, (_, index) => line + index);
      yield Buffer.from(numbers.map((number) => `${String(number).padEnd(sizeBytes - 1, 'x')}\n`).join(''));
    }
  }
  const batch: Batch = {
    requestId: 'req_1',
    chunks: toChunks(),
    splitter: createNdjsonSplitter(MIB),
    breaksAtBadJson: false,
    identify,
    submit: async ({ eventId }) => ({ id: eventId, duplicate: false }),
    isLate: () => false,
    onRefused: () => undefined,
    ...parts,
  };
  return { batch, read };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

describe('taking a batch', () => {
  it.each([
    ['items', 100, 512],
    ['bytes', 64 * 1024 + 1, 32],
  ])('reads no more while enough %s are under way', async (_, sizeBytes, expected) => {
    const open: ((kept: Kept) => void)[] = [];
    let most = 0;
    let settled = 0;
    const lines = 5000;
    const { batch, read } = newBatch(sizeBytes > MIB / 32 ? 200 : lines, sizeBytes, {
      submit: () =>
        new Promise((resolve) => {
          open.push(resolve);
          most = Math.max(most, open.length);
        }),
    });
    const taken = takeBatch(batch);
    let isDone = false;
    const done = taken.finally(() => {
      isDone = true;
    });
    while (!isDone) {
      await turns(50);
      expect(open.length).toBeLessThanOrEqual(expected);
      expect(read.chunks * 16).toBeLessThanOrEqual(settled + open.length + 32);
      const now = open.splice(0, 200);
      settled += now.length;
      for (const resolve of now) resolve({ id: ID, duplicate: false });
    }
    const { results } = await done;
    expect(most).toBe(expected);
    expect(results.count()).toEqual({ accepted: open.length + settled, duplicates: 0, rejected: 0 });
  });

  it('answers what comes behind a store that is away without trying it, and tells what was kept', async () => {
    let tried = 0;
    const { batch } = newBatch(5000, 20, {
      submit: async ({ eventId }) => {
        tried += 1;
        if (tried > 1000) throw new ProblemException('ERR_UNAVAILABLE');
        return { id: eventId, duplicate: false };
      },
    });
    const { results, errors } = await takeBatch(batch);
    expect(results.count()).toMatchObject({ accepted: 1000, rejected: 4000 });
    expect(read(results)[4999]).toMatchObject({ index: 4999, code: 'ERR_UNAVAILABLE' });
    expect(tried).toBeLessThan(1000 + 513);
    expect([...errors.keys()]).toEqual(['ERR_UNAVAILABLE']);
  });

  it('tries nothing more once its time is up, also of what is at hand, and answers the rest while that settles', async () => {
    const open: (() => void)[] = [];
    let refused = 0;
    const all = Promise.withResolvers<void>();
    const { batch } = newBatch(5000, 20, {
      chunks: Readable.from([Buffer.from('1\n'.repeat(5000))]),
      isLate: () => open.length === 300,
      submit: ({ eventId }) =>
        new Promise((resolve) => {
          open.push(() => resolve({ id: eventId, duplicate: false }));
        }),
      onRefused: () => {
        refused += 1;
        if (refused === 4700) all.resolve();
      },
    });
    const taken = takeBatch(batch);
    await all.promise;
    for (const settle of open) settle();
    const { results, errors } = await taken;
    expect(results.count()).toEqual({ accepted: 300, duplicates: 0, rejected: 4700 });
    expect(read(results)[300]).toMatchObject({ index: 300, code: 'ERR_UNAVAILABLE' });
    expect(errors.get('ERR_UNAVAILABLE')).toMatchObject({ retryAfterSeconds: 2 });
  });

  it('leaves the event loop its turns, also when every item is refused', async () => {
    const { batch } = newBatch(6400, 20, {
      identify: () => {
        throw new ProblemException('ERR_BODY_INVALID');
      },
    });
    let isDone = false;
    const taken = takeBatch(batch).finally(() => {
      isDone = true;
    });
    let turn = 0;
    while (!isDone) {
      await nextTurn();
      turn += 1;
    }
    expect((await taken).results.count().rejected).toBe(6400);
    expect(turn).toBeGreaterThanOrEqual(100);
  });

  it('says of an item that fails for no known reason only that it failed', async () => {
    const submit = () => Promise.reject(new Error('secret'));
    const { results } = await takeBatch(newBatch(1, 20, { submit }).batch);
    const detail = 'Send again; report the request id in `instance` if it goes on.';
    expect(read(results)).toEqual([{ index: 0, code: 'ERR_INTERNAL', detail }]);
  });
});
