import type { EventsJob } from '@sluice/contracts/queues';
import { describe, expect, it } from 'vitest';
import { toEvent } from '../test/models/events.ts';
import { oneAlone } from './one-alone.ts';
import type { JobResult, JobView } from './settle-job.ts';

function toJob(id: string, stalledCount: number, single?: EventsJob['single']): JobView {
  const data: EventsJob = {
    envelope: 1,
    instance: 'i',
    seq: 1,
    events: [toEvent(id)],
    ...(single === undefined ? {} : { single }),
  };
  return { id, data, attemptsMade: 0, stalledCount, updateData: async () => undefined };
}

const SINGLE = { run: 0, attemptsBefore: 0, reason: 'stalled' } as const;
const DONE: JobResult = { kind: 'done' };

/** Settles jobs when the test says so. */
function createSteps() {
  const running = new Map<string, (result: JobResult) => void>();
  const settle = oneAlone(
    (job) =>
      new Promise((resolve) => {
        running.set(job.id, resolve);
      }),
  );
  return {
    settle,
    running: () => [...running.keys()],
    end(id: string) {
      running.get(id)?.(DONE);
      running.delete(id);
    },
  };
}

describe('a job on which a worker died', () => {
  it('waits for those in hand, and sends the others away until it is done', async () => {
    const { settle, running, end } = createSteps();
    const first = settle(toJob('first', 0));
    const suspect = settle(toJob('suspect', 1, SINGLE));
    expect(running()).toEqual(['first']);
    expect(await settle(toJob('other', 0))).toMatchObject({ kind: 'hold', isBusy: true });
    expect(await settle(toJob('second suspect', 2, SINGLE))).toMatchObject({ kind: 'hold', isBusy: true });
    end('first');
    await first;
    await expect.poll(running).toEqual(['suspect']);
    expect(await settle(toJob('other', 0))).toMatchObject({ kind: 'hold', isBusy: true });
    end('suspect');
    expect(await suspect).toEqual(DONE);
    const after = settle(toJob('other', 0));
    end('other');
    expect(await after).toEqual(DONE);
  });

  it('lets others in again when it fails unforeseen', async () => {
    const settle = oneAlone(async ({ id }) => {
      if (id === 'suspect') throw new Error('unforeseen');
      return DONE;
    });
    await expect(settle(toJob('suspect', 1, SINGLE))).rejects.toThrow('unforeseen');
    expect(await settle(toJob('other', 0))).toEqual(DONE);
  });

  it('runs beside others when it is a batch, which is only split', async () => {
    const { settle, running } = createSteps();
    void settle(toJob('first', 0));
    void settle(toJob('batch', 1));
    expect(running()).toEqual(['first', 'batch']);
  });
});
