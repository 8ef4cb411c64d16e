import type { AcceptedEvent } from '@sluice/contracts/event';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { beforeEach, describe, expect, it } from 'vitest';
import { toEvent, toRecord } from '../test/models/events.ts';
import { createModelQueue } from '../test/models/model-queue.ts';
import { createModelStore } from '../test/models/model-store.ts';
import { createBulkWriter } from './bulk-writer.ts';
import { UnknownVersionError } from './failure.ts';
import { createJobSettler, type JobResult, type JobView } from './settle-job.ts';

describe('what follows a commit', () => {
  let applied: string[];
  let isAway: boolean;
  let known: number[];
  let settle: (job: JobView) => Promise<JobResult>;

  beforeEach(() => {
    applied = [];
    isAway = true;
    known = [1, 2];
    const writer = createBulkWriter({
      store: createModelStore(),
      worker: 'w',
      now: Date.now,
      soon: queueMicrotask,
      async onCommitted(records) {
        if (isAway) throw new DependencyAwayError('mongodb', 'gone right after the commit');
        applied.push(...records.map(({ _id }) => _id));
      },
    });
    settle = createJobSettler({ writer, queue: createModelQueue(), normalize, now: Date.now });
  });

  function normalize(event: AcceptedEvent) {
    if (!known.includes(event.schemaVersion)) throw new UnknownVersionError(event.schemaVersion);
    return toRecord(event);
  }

  function toBatch(event: AcceptedEvent, seq: number, stalledCount = 0): JobView {
    const data = { envelope: 1 as const, instance: 'i', seq, events: [event] };
    return { id: `b-i-${seq}`, data, attemptsMade: 0, stalledCount, updateData: async () => undefined };
  }

  it.each([
    ['as it was', () => toBatch(toEvent('a'), 1)],
    ['as a suspect, because its worker died', () => toBatch(toEvent('a'), 1, 1)],
    ['in another batch, because its sender had no answer', () => toBatch(toEvent('a'), 2)],
  ])('is done when the batch runs again %s', async (_, toAgain) => {
    expect(await settle(toBatch(toEvent('a'), 1))).toMatchObject({ kind: 'hold' });
    isAway = false;
    expect(await settle(toAgain())).toEqual({ kind: 'done' });
    expect(applied).toEqual([toEvent('a').eventId]);
  });

  it('is done by a worker that does not know the version of the event', async () => {
    const event = toEvent('a', {}, { schemaVersion: 2 });
    await settle(toBatch(event, 1));
    isAway = false;
    known = [1];
    expect(await settle(toBatch(event, 1))).toEqual({ kind: 'done' });
    expect(applied).toEqual([event.eventId]);
  });
});
