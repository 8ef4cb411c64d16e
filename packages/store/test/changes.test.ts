import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type Change,
  ResumeLostError,
  type Watch,
  type WatchOptions,
  watchNormalized,
} from '../src/changes.ts';
import { createEventStore } from '../src/event-store.ts';
import { useDatabase } from './database.ts';
import { newNormalized, newPlan } from './documents.ts';

const connection = useDatabase();
const store = createEventStore(connection);
const watches: Watch[] = [];

afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.close()));
});

function watch(options: Partial<WatchOptions> = {}) {
  const seen: Change[] = [];
  const errors: unknown[] = [];
  const started = watchNormalized(connection, {
    onRecord: (change) => void seen.push(change),
    onError: (error) => void errors.push(error),
    ...options,
  });
  watches.push(started);
  return { seen, errors, opened: started.opened, ids: () => seen.map(({ item }) => item.id) };
}

async function insert(count: number): Promise<string[]> {
  const normalized = Array.from({ length: count }, () => newNormalized());
  await store.commit(newPlan({ normalized }));
  return normalized.map(({ _id }) => _id);
}

describe('watchNormalized', () => {
  it('misses nothing after it has opened, and keeps the order', async () => {
    const { opened, ids } = watch();
    await opened;
    const inserted = [...(await insert(3)), ...(await insert(200))];
    await vi.waitFor(() => expect(ids()).toEqual(inserted), { timeout: 10_000 });
  });

  it('tells whose record it is, and when MongoDB wrote it', async () => {
    const { opened, seen } = watch();
    await opened;
    await store.commit(newPlan({ normalized: [newNormalized({ tenant: 'red' })] }));
    await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 10_000 });
    expect(seen[0]).toMatchObject({ tenant: 'red' });
    expect(Math.abs(Date.now() - (seen[0]?.at.getTime() ?? 0))).toBeLessThan(30_000);
  });

  it('resumes after a token', async () => {
    const first = watch();
    await first.opened;
    const inserted = await insert(5);
    await vi.waitFor(() => expect(first.ids()).toEqual(inserted), { timeout: 10_000 });
    const more = await insert(2);
    const token = first.seen[1]?.token ?? '';
    const second = watch({ resumeAfter: token });
    await vi.waitFor(() => expect(second.ids()).toEqual([...inserted.slice(2), ...more]), {
      timeout: 10_000,
    });
  });

  it('tells its position when it opens, before any change, and while nothing happens', async () => {
    const heard: string[] = [];
    const { opened, ids, seen } = watch({
      onPosition: (token) => void heard.push(token),
      onRecord: (change) => {
        seen.push(change);
        heard.push('record');
      },
    });
    await opened;
    expect(heard).toHaveLength(1);
    const resumed = watch({ resumeAfter: heard[0] ?? '' });
    const inserted = await insert(1);
    await vi.waitFor(() => expect(heard.slice(1)).toContain('record'), { timeout: 10_000 });
    await vi.waitFor(() => expect(resumed.ids()).toEqual(inserted), { timeout: 10_000 });
    expect(ids()).toEqual(inserted);
    await vi.waitFor(() => expect(heard.at(-1)).not.toBe('record'), { timeout: 10_000 });
  });

  it('says when a token is unusable, and ends', async () => {
    const { errors, opened } = watch({ resumeAfter: 'nonsense' });
    await opened;
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(ResumeLostError);
  });

  it('goes on where it was when its cursor is killed', async () => {
    const { opened, ids } = watch();
    await opened;
    const before = await insert(2);
    await vi.waitFor(() => expect(ids()).toEqual(before), { timeout: 10_000 });
    await killCursors();
    const after = await insert(2);
    await vi.waitFor(() => expect(ids()).toEqual([...before, ...after]), { timeout: 20_000 });
  });

  it('hands a record again when its receiver failed', async () => {
    const seen: string[] = [];
    const { opened, errors } = watch({
      onRecord: ({ item }) => {
        seen.push(item.id);
        if (seen.length === 1) throw new Error('not now');
      },
    });
    await opened;
    const [id] = await insert(1);
    await vi.waitFor(() => expect(seen).toEqual([id, id]), { timeout: 10_000 });
    expect(errors).toHaveLength(1);
  });
});

async function killCursors(): Promise<void> {
  const ns = `${connection.db.databaseName}.normalized_events`;
  const operations = await connection.client
    .db('admin')
    .aggregate([{ $currentOp: { idleCursors: true } }, { $match: { ns, cursor: { $exists: true } } }])
    .toArray();
  const cursors = operations.map(({ cursor }) => cursor.cursorId);
  expect(cursors.length).toBeGreaterThan(0);
  await connection.db.command({ killCursors: 'normalized_events', cursors });
}
