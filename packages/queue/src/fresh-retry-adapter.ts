import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { type EventsJob, eventsJobSchema } from '@sluice/contracts/queues';
import { toReplayJob } from '@sluice/contracts/replay';
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { defineNoteDue } from './due-time.ts';
import { redactJobData } from './redact-job-data.ts';

/** Jobs that are read at once at most: Redis reads a page at one go, bodies included. */
const MAX_PAGE = 100;

/** Hands jobs to Bull Board without their payloads, and with a retry that is a new run. */
export class FreshRetryAdapter extends BullMQAdapter {
  readonly #client: Redis;
  readonly #noteDue: ReturnType<typeof defineNoteDue>;

  constructor(queue: Queue, client: Redis) {
    super(queue, { allowRetries: true });
    this.#client = client;
    this.#noteDue = defineNoteDue(client);
    this.setFormatter('data', redactJobData);
  }

  override async getJob(id: string): Promise<Job | undefined> {
    const job = await super.getJob(id);
    return job && this.#freshen(job);
  }

  override async getJobs(
    ...[statuses, first = 0, last = -1]: Parameters<BullMQAdapter['getJobs']>
  ): Promise<Job[]> {
    const most = first + MAX_PAGE - 1;
    const jobs = await super.getJobs(statuses, first, last < 0 ? most : Math.min(last, most));
    return jobs.map((job) => this.#freshen(job));
  }

  #freshen(job: Job): Job {
    const retry = job.retry.bind(job);
    job.retry = async (state = 'failed') => {
      // Parsed only as a check: fields that this version does not know stay.
      const isKnown = eventsJobSchema.safeParse(job.data).success;
      const replay = isKnown ? toReplayJob(job.data as EventsJob, Date.now()) : null;
      if (replay !== null) await job.updateData(replay);
      // BullMQ keeps the count of stalls over a retry, and a job that died of them would die at once again.
      const jobKey = this.getQueueKey(job.id ?? '');
      await Promise.all([this.#client.hdel(jobKey, 'stc'), this.#noteDue(jobKey, Date.now())]);
      await retry(state, { resetAttemptsMade: true, resetAttemptsStarted: true });
    };
    return job;
  }
}
