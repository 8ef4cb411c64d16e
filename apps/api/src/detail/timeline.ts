import type { EventDetail } from '@sluice/contracts/api';
import type { AcceptedEvent, RawEventDocument, Via } from '@sluice/contracts/event';
import type { FoundJob } from '@sluice/queue/events-inspector';

type Entry = EventDetail['timeline'][number];

const VIA_WORDS = {
  webhook: 'a webhook',
  api: 'the api',
  batch: 'a batch',
  poll: 'polling',
  import: 'an import',
} as const satisfies Record<Via, string>;

/** Tells the life of a stored event; `job` is the one in which it waits for its next attempt, if any. */
export function toStoredTimeline(event: RawEventDocument, job: FoundJob | null): Entry[] {
  const receivedAt = event.receivedAt.toISOString();
  const queued =
    event.batch === undefined
      ? 'Kept in the inbox, or sent again, and queued alone.'
      : `Queued in the batch ${event.batch}.`;
  const entries: Entry[] = [
    toReceived(event.source, event.via, receivedAt),
    { at: receivedAt, step: 'queued', detail: queued },
  ];
  for (const { run, attempt, at, outcome, code, message, worker } of event.history ?? []) {
    const detail = `Attempt ${attempt} ${outcome}: ${message}`;
    entries.push({ at: at.toISOString(), step: 'attempt', detail, run, attempt, code, outcome, worker });
  }
  return [...entries, ...toEnd(event), ...toWait(job)];
}

/** How far the clocks of a worker and of MongoDB may differ; more of it `sluice doctor` calls a failure. */
const CLOCKS_MS = 5000;

/** Tells that an event is on the backup as it is here, if all is that was written up to `syncedUpTo`, by another clock. */
export function toSynced({ updatedAt }: RawEventDocument, syncedUpTo: Date | null): Entry[] {
  if (syncedUpTo === null || updatedAt.getTime() + CLOCKS_MS > syncedUpTo.getTime()) return [];
  return [{ at: updatedAt.toISOString(), step: 'synced', detail: 'This state of it is on the backup.' }];
}

function toEnd(event: RawEventDocument): Entry[] {
  const { status, run, attempts: attempt, code, message, duplicateOf } = event;
  const at = event.updatedAt.toISOString();
  const succeeded: Entry = {
    ...{ at, step: 'attempt', run, attempt, outcome: 'succeeded' },
    detail: `Attempt ${attempt} succeeded.`,
  };
  switch (status) {
    case 'normalized':
      return [succeeded, { at, step: 'outcome', detail: 'Became a normalized event.' }];
    case 'duplicate':
      return [succeeded, { at, step: 'outcome', detail: `Found to be a duplicate of ${duplicateOf}.` }];
    case 'dead': {
      const detail = `Dead: ${message ?? 'no more attempts'}`;
      return [{ at, step: 'outcome', detail, ...(code === undefined ? {} : { code }) }];
    }
    case 'pending':
      if (event.replay?.state === 'taken' && attempt === 0) {
        const detail = `Put into the queue again by the replay ${event.replay.operation}.`;
        return [{ at, step: 'queued', detail, run }];
      }
      return [
        {
          at,
          step: 'queued',
          detail: `Set apart, in a job of its own or until a worker knows schema version ${event.schemaVersion}.`,
        },
      ];
    case 'failed':
      return [];
  }
}

function toWait(job: FoundJob | null): Entry[] {
  if (job === null) return [];
  if (job.state === 'active') return [toActive(job)];
  const due = job.dueAt === null ? 'as soon as a worker is free' : `at ${job.dueAt.toISOString()}`;
  return [
    {
      at: job.addedAt.toISOString(),
      step: 'queued',
      detail: `The next attempt comes ${due}.`,
      ...(job.dueAt === null ? {} : { dueAt: job.dueAt.toISOString() }),
    },
  ];
}

/** Tells the life of an event that is in the queue. */
export function toQueuedTimeline(event: AcceptedEvent, job: FoundJob): Entry[] {
  const entries: Entry[] = [
    toReceived(event.source, event.via, event.receivedAt),
    { at: job.addedAt.toISOString(), step: 'queued', detail: `Queued in the job ${job.id}.` },
  ];
  if (job.state === 'active') entries.push(toActive(job));
  if (job.state === 'delayed') {
    const due = job.dueAt === null ? '' : ` until ${job.dueAt.toISOString()}`;
    entries.push({
      at: job.addedAt.toISOString(),
      step: 'queued',
      detail: `Put back${due}.`,
      ...(job.dueAt === null ? {} : { dueAt: job.dueAt.toISOString() }),
    });
  }
  return entries;
}

/** Tells the life of an event that waits in the inbox. */
export function toInboxTimeline(event: AcceptedEvent, at: Date): Entry[] {
  return [
    toReceived(event.source, event.via, event.receivedAt),
    { at: at.toISOString(), step: 'queued', detail: 'Kept in the inbox until the queue can take it.' },
  ];
}

function toReceived(source: string, via: Via, at: string): Entry {
  return { at, step: 'received', detail: `Received from ${source} by ${VIA_WORDS[via]}.` };
}

function toActive({ startedAt, addedAt }: FoundJob): Entry {
  const at = (startedAt ?? addedAt).toISOString();
  return { at, step: 'attempt', detail: 'A worker has it in hand.' };
}
