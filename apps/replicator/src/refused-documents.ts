/**
 * Documents that the backup refuses.
 *
 *  1. The apply loop notes them (`sync_failures` on the primary) before the position moves on, and others go on.
 *  2. Each gets a job in the queue `sync`. When Redis is away it gets one later: the note is what counts.
 *  3. A job hands the document's id to the apply loop again, and nothing else. Refused once more it waits for its next
 *     turn; after the last one it is dead, which is an alert and needs a person.
 *  4. A document that is copied, by whatever way, is forgotten here.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SyncFailure } from '@sluice/contracts/sync';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import {
  createSyncRetryWorker,
  type SyncRetry,
  type SyncRetryProducer,
  type SyncRetryResult,
} from '@sluice/queue/sync-retries';
import type { Logger } from '@sluice/runtime/logger';
import type { SyncFailures } from '@sluice/store/sync-failures';
import type { RefusedWrite } from './apply-loop.ts';
import { parseIdText, toFailureId, toIdText } from './bson-values.ts';
import { type ApplyIds, LeaseLostError } from './ports.ts';
import type { DocumentWrite } from './read-documents.ts';

export type RefusedDocumentsOptions = {
  readonly failures: SyncFailures;
  readonly producer: Pick<SyncRetryProducer, 'addRetry'>;
  readonly redisUrl: string;
  readonly prefix: string;
  readonly name: string;
  readonly maxRetries: number;
  readonly logger: Logger;
  readonly onDead: () => void;
};

export type RefusedDocuments = {
  /** Notes refused documents. @throws DependencyAwayError while the primary is away */
  note(refused: readonly RefusedWrite[]): Promise<void>;
  /** Is told of documents that are copied. */
  noteCopied(writes: readonly DocumentWrite[]): void;
  /** Begins to retry. */
  start(applyIds: ApplyIds): void;
  /** Resolves when nothing is retried any more. */
  stop(): Promise<void>;
};

/** How often it looks for documents whose job is gone, and how long they must not have been touched. */
const LOOK_MS = 15_000;
const FORGOTTEN_MS = 90_000;
const STOP_MS = 2000;

/** Creates the place where refused documents are kept; while the primary is away it rejects with DependencyAwayError. */
export async function createRefusedDocuments(options: RefusedDocumentsOptions): Promise<RefusedDocuments> {
  const { failures, producer, maxRetries, logger, onDead } = options;
  const known = new Set(await failures.listIds());
  /** Documents that are being retried: what comes of them is noted there. */
  const inRetry = new Set<string>();
  const closing = new AbortController();
  let worker: ReturnType<typeof createSyncRetryWorker> | undefined;
  let looking = Promise.resolve();
  let forgetting = Promise.resolve();

  async function note(refused: readonly RefusedWrite[]): Promise<void> {
    const refusals = refused.map(({ collection, id, document, code, message }) => ({
      ...{ _id: toFailureId(collection, id), collection, documentId: toIdText(id) },
      ...{ isDelete: document === null, code, message },
    }));
    // What was copied before must not be forgotten after this, which is newer.
    await forgetting;
    const noted = await failures.note(
      // What is noted no more although it is being retried was copied by the feed meanwhile, and is refused anew.
      refusals.filter(({ _id, isDelete }) => isDelete || !inRetry.has(_id) || !known.has(_id)),
      new Date(),
    );
    for (const { collection, documentId, code, message } of refusals) {
      logger.warn({ collection, documentId, code, reason: message }, 'document.refused');
    }
    for (const { _id } of noted) known.add(_id);
    if (maxRetries > 0) return addRetries(noted);
    for (const failure of noted) await die(failure, 0);
  }

  /** Nobody waits for Redis more than once: the look finds those that got no job. */
  async function addRetries(found: readonly SyncFailure[]): Promise<void> {
    for (const { _id, collection, documentId, run } of found) {
      try {
        await producer.addRetry({ failure: _id, collection, documentId, run }, maxRetries);
      } catch (err) {
        if (!(err instanceof DependencyAwayError)) throw err;
        logger.warn({ err, collection, documentId }, 'retry.not-queued');
        return;
      }
    }
  }

  async function die({ _id, collection, documentId, code }: SyncFailure, attempts: number): Promise<void> {
    await failures.noteRetry(_id, attempts, 'dead', new Date());
    onDead();
    logger.error({ collection, documentId, code, attempts }, 'document.dead');
  }

  async function retry(
    applyIds: ApplyIds,
    { job, failedBefore, isLast }: SyncRetry,
  ): Promise<SyncRetryResult> {
    try {
      const failure = await failures.get(job.failure);
      // It has been copied since, because it changed or by a full sync.
      if (failure === null) return { kind: 'done' };
      inRetry.add(job.failure);
      const gone = failure.isDelete === true ? 'delete' : 'keep';
      const { refused } = await applyIds(job.collection, [parseIdText(job.documentId)], gone);
      if (refused === 0) {
        await forgetting;
        return { kind: 'done' };
      }
      const attempts = failedBefore + 1;
      if (isLast) await die(failure, attempts);
      else await failures.noteRetry(job.failure, attempts, 'retrying', new Date());
      return { kind: 'refused', message: `${failure.code}: ${failure.message}` };
    } catch (error) {
      if (error instanceof DependencyAwayError || error instanceof LeaseLostError) return { kind: 'hold' };
      throw error;
    } finally {
      inRetry.delete(job.failure);
    }
  }

  async function look(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await addRetries(await failures.listForgotten(new Date(Date.now() - FORGOTTEN_MS)));
      } catch (err) {
        logger.debug({ err }, 'retries.not-looked-for');
      }
      await pause(LOOK_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  async function forget(ids: readonly string[]): Promise<void> {
    try {
      await failures.forget(ids);
      for (const id of ids) known.delete(id);
    } catch (err) {
      // Its job, or the next look, finds it copied.
      logger.debug({ err }, 'failures.not-forgotten');
    }
  }

  return {
    note,
    noteCopied(writes) {
      if (known.size === 0) return;
      const ids = writes
        .map(({ collection, id }) => toFailureId(collection, id))
        .filter((id) => known.has(id));
      if (ids.length > 0) forgetting = forgetting.then(() => forget(ids));
    },
    start(applyIds) {
      worker = createSyncRetryWorker({
        redisUrl: options.redisUrl,
        prefix: options.prefix,
        name: options.name,
        logger,
        process: (job) => retry(applyIds, job),
      });
      looking = look();
    },
    async stop() {
      closing.abort();
      await worker?.close({ deadlineMs: STOP_MS });
      await looking;
      await forgetting;
    },
  };
}
