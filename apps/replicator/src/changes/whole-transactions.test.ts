import fc from 'fast-check';
import { Timestamp } from 'mongodb';
import { expect, test } from 'vitest';
import { MAX_TOLD_BYTES } from '../pending-changes.ts';
import type { Change } from './change.ts';
import type { ChangeStream } from './change-stream.ts';
import { toWholeTransactions } from './whole-transactions.ts';

/** Changes of transactions of these sizes, one after the other. */
function toChanges(sizes: readonly number[]): readonly Change[] {
  return sizes.flatMap((size, at) =>
    Array.from({ length: size }, (_, index) => ({
      kind: 'insert',
      at: new Timestamp({ t: at + 1, i: 1 }),
      behind: { after: toToken(at + 1, index) },
    })),
  );
}

function toToken(seconds: number, index: number): string {
  return `82${seconds.toString(16).padStart(8, '0')}00000001${index}`;
}

/** A stream that gives as many as it is asked for, as long as there are any. */
function toStream(changes: readonly Change[], bytesEach = 100): ChangeStream {
  let from = 0;
  return {
    async next({ limit }) {
      const given = changes.slice(from, from + limit);
      from += given.length;
      const to = changes[from - 1]?.behind ?? { after: '' };
      return { changes: given, bytes: given.length * bytesEach, to };
    },
    close: async () => undefined,
  };
}

async function readAll(sizes: readonly number[], limit: number, maxChanges: number) {
  const stream = toWholeTransactions(toStream(toChanges(sizes)), maxChanges);
  const batches = [];
  for (;;) {
    const batch = await stream.next({ limit, waitMs: 1 });
    if (batch.changes.length === 0) return batches;
    batches.push(batch);
  }
}

const toTimes = (changes: readonly Change[]) => changes.map(({ at }) => at.t);

test('hands on every change once, in order, and each transaction at once', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 8 }), async (sizes, limit) => {
      const batches = await readAll(sizes, limit, 100);
      const changes = batches.flatMap((batch) => batch.changes);
      expect(changes).toEqual(toChanges(sizes));
      for (const { changes, to, ends } of batches) {
        expect(ends).not.toBe('within');
        expect(to).toBe(changes.at(-1)?.behind);
      }
      const times = batches.flatMap(({ changes }) => [...new Set(toTimes(changes))]);
      expect(new Set(times).size).toBe(times.length);
    }),
  );
});

test('cuts a transaction that is too large, and says so', async () => {
  const batches = await readAll([2, 25, 1], 4, 10);
  expect(batches.map(({ changes, ends }) => [toTimes(changes), ends])).toEqual([
    [[1, 1], 'between'],
    [Array(10).fill(2), 'within'],
    [Array(12).fill(2), 'within'],
    [[2, 2, 2], 'between'],
    [[3], 'now'],
  ]);
});

test('an answer that is full for its size is not the end', async () => {
  const stream = toStream(toChanges([12]), 1024 * 1024);
  const cut: ChangeStream = { ...stream, next: ({ waitMs }) => stream.next({ limit: 5, waitMs }) };
  const { changes: read, ends } = await toWholeTransactions(cut).next({ limit: 1000, waitMs: 1 });
  expect({ read: read.length, ends }).toEqual({ read: 12, ends: 'now' });
});

test('reads a large transaction in few questions, and little beyond it, however few changes are asked for', async () => {
  const stream = toStream(toChanges([5000, ...Array(20_000).fill(1)]));
  let questions = 0;
  const counted: ChangeStream = {
    ...stream,
    next: (options) => {
      questions += 1;
      return stream.next(options);
    },
  };
  const { changes } = await toWholeTransactions(counted).next({ limit: 1, waitMs: 1 });
  expect(changes.length).toBeLessThan(10_000);
  expect(questions).toBeLessThan(20);
});

test('does not keep in memory what the documents of a large transaction are', async () => {
  const document = new Uint8Array(MAX_TOLD_BYTES / 2);
  const changes = toChanges([2, 5]).map((change) => ({ ...change, told: document }));
  const stream = toWholeTransactions(toStream(changes));
  const told = async () =>
    (await stream.next({ limit: 2, waitMs: 1 })).changes.map((change) => change.told !== undefined);
  expect([await told(), await told()]).toEqual([
    [true, true],
    [false, false, false, false, true],
  ]);
});
