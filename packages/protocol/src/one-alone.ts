/*
 * Running a suspect alone: a job of one event on which a worker died before.
 *
 * When the payload kills the process again, nothing else may be in the process's hands, or the jobs beside it
 * would be suspected next, and in the end be dead without a fault of their own. So:
 *
 *  1. A suspect that comes waits until the jobs in hand are settled, then runs.
 *  2. Meanwhile every other job, suspect or not, goes back to the queue for a moment; no attempt counts.
 *  3. Before it runs the job remembers that it is begun alone: only that counts against it in the end, since the
 *     queue counts every job that a dying worker held, those on their way back too.
 */
import { toFailure } from './failure.ts';
import type { JobResult, JobView } from './settle-job.ts';

/** Wraps the function that settles jobs, for one worker. */
export function oneAlone(settle: (job: JobView) => Promise<JobResult>): (job: JobView) => Promise<JobResult> {
  let inHand = 0;
  let suspect: string | null = null;
  let whenAlone: (() => void) | undefined;

  async function settleAlone(job: JobView): Promise<JobResult> {
    suspect = job.id;
    try {
      if (inHand > 0) {
        await new Promise<void>((resolve) => {
          whenAlone = resolve;
        });
      }
      const failure = await remember(job);
      return failure ?? (await settle(job));
    } finally {
      suspect = null;
    }
  }

  async function settleBesideOthers(job: JobView): Promise<JobResult> {
    inHand += 1;
    try {
      return await settle(job);
    } finally {
      inHand -= 1;
      if (inHand === 0) whenAlone?.();
    }
  }

  return async (job) => {
    if (suspect !== null) {
      return { kind: 'hold', reason: `Job ${suspect}, which a worker died on, runs alone.`, isBusy: true };
    }
    return isSuspect(job) ? settleAlone(job) : settleBesideOthers(job);
  };
}

/** Notes that a job is begun alone; returns what the queue is told when that cannot be kept. */
async function remember({ data, updateData }: JobView): Promise<JobResult | undefined> {
  if (data.single === undefined) return undefined;
  const begunAlone = (data.single.begunAlone ?? 0) + 1;
  try {
    await updateData({ ...data, single: { ...data.single, begunAlone } });
    return undefined;
  } catch (error) {
    const failure = toFailure(error);
    if (failure.class !== 'dependency-away') throw error;
    return { kind: 'hold', reason: failure.message, isBusy: true };
  }
}

/** A delivery, or a job of parked events, on which a worker died is split without being read, which is safe beside others. */
function isSuspect({ data: { single }, stalledCount }: JobView): boolean {
  return single !== undefined && single.reason !== 'inbox' && stalledCount > 0;
}
