import type { RawEventDocument } from '@sluice/contracts/event';
import { expect, it } from 'vitest';
import { refileStranded } from './refile.ts';

const MIB = 1024 ** 2;
const AT = new Date('2026-01-01T00:00:00Z');

function toRaw(n: number): RawEventDocument {
  return {
    ...{
      _id: `evt_${n}`,
      tenant: 'default',
      source: 'shop',
      idempotencyKey: `${n}`,
      contentHash: 'c',
      headers: {},
    },
    ...{
      schemaVersion: 1,
      via: 'api',
      form: 'payload',
      keyOrigin: 'content',
      contentType: 'application/json',
    },
    ...{ body: Buffer.from('{}'), receivedAt: AT, storedAt: AT, updatedAt: AT },
    ...{ status: 'failed', run: 0, attempts: 1 },
  };
}

/** Refiles ten stranded events of 3 MiB; the queue has room for that many portions. */
async function refileTen(room: number): Promise<readonly number[]> {
  const added: number[] = [];
  const raws = Array.from({ length: 10 }, (_, n) => toRaw(n));
  const refiled = await refileStranded({
    open: {
      async *listIdle() {
        yield raws.map((raw) => ({ ...raw, bytes: 3 * MIB }));
      },
      read: async (ids) => raws.filter(({ _id }) => ids.includes(_id)),
    },
    queue: {
      hasJobs: async (ids) => ids.map(() => false),
      addSplit: async (jobs) => void added.push(jobs.length),
    },
    hasRoom: async () => added.length < room,
  });
  expect(refiled).toBe(added.reduce((sum, count) => sum + count, 0));
  return added;
}

it('gives large events jobs in portions, and stops once the queue has no room', async () => {
  expect(await refileTen(100)).toEqual([3, 3, 3, 1]);
  expect(await refileTen(2)).toEqual([3, 3]);
});
