/**
 * Events that are open in MongoDB, waiting for another attempt or for a worker that knows them, and have no job any
 * more: a Redis that lost its data took it. Each gets a job of its own again, and goes on where it stood.
 *
 *  1. Only what was not touched for a while is looked at: longer than any pause between two attempts.
 *  2. An event's job has one of few names; when the queue has none of them, the event is stranded.
 *  3. Its job is made from what is stored. If there is a job after all, under whatever name, the run and the attempt
 *     that both carry let only one of them act.
 */
import { toInboxKey } from '@sluice/contracts/bulk';
import type { OpenEvent, RawEventDocument } from '@sluice/contracts/event';
import { toReplayJobId } from '@sluice/contracts/operations';
import { toInboxJobId, toParkJobId, toReceiptJobId, toSingleJobId } from '@sluice/contracts/queues';
import { toStoredEvent } from './accepted-event.ts';
import type { SettleQueue, SplitJob } from './ports.ts';

/** An open event, and how large it is as a document. */
export type SizedOpenEvent = OpenEvent & { readonly bytes: number };

/** Open events as refiling sees them. */
export type OpenEvents = {
  /** Lists those that were not touched for `idleMs`, a portion at a time. */
  listIdle(idleMs: number): AsyncIterable<readonly SizedOpenEvent[]>;
  /** Reads them whole, in any order. */
  read(ids: readonly string[]): Promise<readonly RawEventDocument[]>;
};

/** The queue as refiling sees it. */
export type RefileQueue = Pick<SettleQueue, 'addSplit'> & {
  /** Tells for each id, in their order, whether the queue holds such a job in any state. */
  hasJobs(jobIds: readonly string[]): Promise<readonly boolean[]>;
};

/** How long an event must not have been touched; clocks may differ by half of it. */
const IDLE_MS = 10 * 60_000;

/** The size of a portion that is given jobs at once. */
const PORTION_BYTES = 8 * 1024 ** 2;

/**
 * Gives stranded events jobs again and returns how many there were. Before each portion of about 8 MiB it asks whether
 * the queue has room, and ends when it has none.
 */
export async function refileStranded(
  {
    open,
    queue,
    hasRoom,
  }: { readonly open: OpenEvents; readonly queue: RefileQueue; readonly hasRoom: () => Promise<boolean> },
  idleMs = IDLE_MS,
): Promise<number> {
  let refiled = 0;
  for await (const portion of open.listIdle(idleMs)) {
    const stranded = await findStranded(portion, queue);
    for (const ids of toPortions(stranded)) {
      if (!(await hasRoom())) return refiled;
      const documents = await open.read(ids);
      await queue.addSplit(documents.map(toJob));
      refiled += documents.length;
    }
  }
  return refiled;
}

function toPortions(events: readonly SizedOpenEvent[]): readonly (readonly string[])[] {
  const portions: string[][] = [];
  let bytes = PORTION_BYTES;
  for (const event of events) {
    if (bytes >= PORTION_BYTES) {
      portions.push([]);
      bytes = 0;
    }
    portions.at(-1)?.push(event._id);
    bytes += event.bytes;
  }
  return portions;
}

async function findStranded(
  events: readonly SizedOpenEvent[],
  queue: Pick<RefileQueue, 'hasJobs'>,
): Promise<readonly SizedOpenEvent[]> {
  const names = events.map(toJobIds);
  const known = await queue.hasJobs(names.flat());
  let next = 0;
  return events.filter((_, index) => {
    const { length = 0 } = names[index] ?? [];
    const has = known.slice(next, next + length).some(Boolean);
    next += length;
    return !has;
  });
}

/**
 * Its own job, or that of its replay, or that of the events of its batch, or of its inbox row, that are parked
 * together.
 */
function toJobIds({ _id, contentHash, run, batch, schemaVersion, replay }: OpenEvent): string[] {
  const replayed = replay === undefined ? [] : [toReplayJobId(_id, replay.operation)];
  const delivery = batch === undefined ? toInboxJobId(toInboxKey(_id, contentHash)) : toReceiptJobId(batch);
  const parked = toParkJobId(delivery, schemaVersion);
  return [toSingleJobId(_id, contentHash, run), delivery, parked, ...replayed];
}

function toJob(raw: RawEventDocument): SplitJob {
  const { _id, contentHash, run, attempts } = raw;
  return {
    jobId: toSingleJobId(_id, contentHash, run),
    job: {
      envelope: 1,
      instance: 'refiled',
      seq: 0,
      events: [toStoredEvent(raw)],
      single: { run, attemptsBefore: attempts, reason: 'failed' },
    },
    delayMs: 0,
  };
}
