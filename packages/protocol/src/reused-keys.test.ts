import { toConflictEventId } from '@sluice/normalizer/identity';
import { beforeEach, describe, expect, it } from 'vitest';
import { toEvent } from '../test/models/events.ts';
import { assertBalanced } from '../test/models/model-store.ts';
import { createSettling, type Settling, toBatch, toJob, toSingle } from '../test/models/settling.ts';

describe('settling a reused key', () => {
  const nowMs = Date.parse('2026-01-01T00:00:01Z');
  let queue: Settling['queue'];
  let store: Settling['store'];
  let settle: Settling['settle'];
  let fetchOnly: Settling['fetchOnly'];

  beforeEach(() => {
    ({ queue, store, settle, fetchOnly } = createSettling({ known: () => [1, 2], now: () => nowMs }));
  });

  it('keeps both bodies of a reused key, the second dead under its own id', async () => {
    const first = toEvent('a', { n: 1 });
    await settle(toBatch([first, toEvent('a', { n: 2 })]));
    expect([...store.raw.values()].map(({ status }) => status)).toEqual(['normalized', 'dead']);
    expect([...store.raw.values()].at(-1)?.conflictOf).toBe(first.eventId);
    assertBalanced(store);
  });

  it('keeps the ids that were answered for a reused key, whichever body it meets first', async () => {
    const first = toEvent('a');
    const eventId = toConflictEventId('default', 's', 'a', 'other');
    const second = { ...toEvent('a', { n: 2 }), eventId, conflictOf: first.eventId };
    await settle(toJob('b-i-2', { ...toBatch([second]).data, seq: 2 }));
    await settle(toBatch([first]));
    expect(store.raw.get(first.eventId)).toMatchObject({
      status: 'normalized',
      contentHash: first.contentHash,
    });
    expect(store.raw.get(eventId)).toMatchObject({ status: 'dead', code: 'ERR_KEY_REUSED' });
    assertBalanced(store);
  });

  it('forgets the key of a body that lost, so that the one that has the key is known as a repeat again', async () => {
    const [first, second] = [toEvent('a'), toEvent('a', { n: 2 })];
    await settle(toBatch([first]));
    queue.writeMarks([
      { eventId: second.eventId, mark: { jobId: 'b-i-2', contentHash: second.contentHash } },
    ]);
    await settle(toJob('b-i-2', { ...toBatch([second]).data, seq: 2 }));
    expect(queue.marks.size).toBe(0);
  });

  it.each([
    ['normalized', {}, 'duplicate'],
    ['duplicate', { hash: 'h' }, 'duplicate'],
    ['dead', { poison: true }, 'dead'],
  ])(
    'takes what is %s under its key for no reused one, though ingest gave it another id',
    async (status, payload, becomes) => {
      await settle(toJob('b-i-9', { ...toBatch([toEvent('twin', { hash: 'h', x: 1 })]).data, seq: 9 }));
      const first = toEvent('a', payload);
      await settle(toBatch([first]));
      expect(store.raw.get(first.eventId)).toMatchObject({ status });
      const eventId = toConflictEventId('default', 's', 'a', first.contentHash);
      const again = { ...first, eventId, conflictOf: first.eventId };
      await settle(toJob('b-i-2', { ...toBatch([again]).data, seq: 2 }));
      const raw = store.raw.get(eventId);
      expect(raw).toMatchObject({ status: becomes, conflictOf: first.eventId });
      expect(raw?.code).not.toBe('ERR_KEY_REUSED');
      assertBalanced(store);
    },
  );

  it('runs a dead event again that was given another id, once its cause is gone', async () => {
    const first = toEvent('a', { n: 1 }, { simulate: 'all' });
    const times = [toBatch([first]), toJob('x', toSingle(first, { reason: 'failed', attemptsBefore: 2 }))];
    for (const job of times) await settle(job);
    expect(store.raw.get(first.eventId)).toMatchObject({ status: 'dead' });
    const { simulate: _, ...mended } = first;
    const eventId = toConflictEventId('default', 's', 'a', first.contentHash);
    await settle(
      toJob('b-i-2', { ...toBatch([{ ...mended, eventId, conflictOf: first.eventId }]).data, seq: 2 }),
    );
    expect(store.raw.get(eventId)).toMatchObject({ status: 'normalized' });
    expect(store.normalized.get(eventId)).toBeDefined();
    assertBalanced(store);
  });

  it('keeps a reused key as a record when an operator retries it', async () => {
    await settle(toBatch([toEvent('a'), toEvent('a', { n: 2 })]));
    const { id, data } = fetchOnly();
    const single = { run: nowMs, attemptsBefore: 0, reason: 'replay' as const };
    expect(await settle(toJob(id, { ...data, single }))).toEqual({ kind: 'done' });
    expect(store.raw.get(data.events[0]?.eventId ?? '')).toMatchObject({ status: 'normalized' });
  });

  it('files the job of a reused key again when a crash came between storing it and that', async () => {
    const batch = toBatch([toEvent('a'), toEvent('a', { n: 2 })]);
    await settle(batch);
    const [filed] = queue.jobs.keys();
    queue.jobs.clear();
    await settle(batch);
    expect([...queue.jobs.keys()]).toEqual([filed]);
    assertBalanced(store);
  });

  it('files it as the dead letter that is stored, also when the first body was stored after it', async () => {
    const first = toEvent('a');
    const { eventId, contentHash } = toEvent('a', { n: 2 });
    const id = toConflictEventId('default', 's', 'a', first.contentHash);
    const late = toBatch([{ ...first, eventId: id, conflictOf: eventId }]);
    await settle(late);
    queue.jobs.clear();
    await settle(toJob('b-i-2', { ...late.data, seq: 2, events: [{ ...first, eventId }] }));
    expect(store.raw.get(eventId)).toMatchObject({ status: 'normalized' });
    expect(contentHash).not.toBe(first.contentHash);
    await settle(late);
    expect(store.raw.get(id)).toMatchObject({ status: 'dead' });
    expect([...queue.jobs.keys()]).toEqual([expect.stringContaining(id)]);
  });
});
