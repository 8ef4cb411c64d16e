import { setTimeout as pause } from 'node:timers/promises';
import type { LookAnswer } from '@sluice/contracts/sync-differences';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { Logger } from '@sluice/runtime/logger';
import type { StoreConnection } from '@sluice/store/connection';
import { within } from '@sluice/store/deadline';
import type { DocumentLooks, Look } from '@sluice/store/document-looks';
import type { Document } from 'mongodb';
import { compareDocuments } from './compare-documents.ts';
import { parseIdText } from './full-sync/document-id.ts';

/** Answers questions about documents until it is stopped. */
export type LookAnswers = { stop(): Promise<void> };

const EVERY_MS = 250;
/** Whoever asks waits for two seconds. */
const READ_MS = 1500;

/**
 * Answers what the api asks about documents of both sides. Any replicator does so, active or not: it only reads. Both
 * sides are read as a majority holds them, the backup first, so that a change between the two readings shows as one
 * that the backup does not have yet, and not the other way round.
 */
export function startAnsweringLooks({
  looks,
  primary,
  backup,
  logger,
  everyMs = EVERY_MS,
}: {
  readonly looks: DocumentLooks;
  readonly primary: Pick<StoreConnection, 'db'>;
  readonly backup: Pick<StoreConnection, 'db'>;
  readonly logger: Logger;
  /** How often it looks for questions; 250 ms by default. */
  readonly everyMs?: number;
}): LookAnswers {
  const closing = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    /** By the question: one that takes long keeps neither the others waiting nor those that come meanwhile. */
    const answering = new Map<string, Promise<void>>();
    while (!closing.signal.aborted) {
      try {
        for (const look of await looks.take()) {
          if (answering.has(look._id)) continue;
          answering.set(
            look._id,
            answer(look).finally(() => answering.delete(look._id)),
          );
        }
      } catch (err) {
        logger.debug({ err }, 'store.away');
      }
      await pause(everyMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
    await Promise.all(answering.values());
  }

  async function answer(look: Look): Promise<void> {
    try {
      await looks.answer(look, await find(look));
    } catch (err) {
      if (err instanceof DependencyAwayError) logger.debug({ err }, 'store.away');
      else logger.error({ err, collection: look.collection }, 'look.failed');
    }
  }

  async function find(look: Look): Promise<LookAnswer> {
    const there = await readOr('backup', () => readRaw(backup, look));
    if ('kind' in there) return there;
    const here = await readOr('primary', () => readRaw(primary, look));
    if ('kind' in here) return here;
    const compared = compareDocuments(look.collection, here.raw, there.raw);
    return { kind: 'found', ...compared, readAt: new Date() };
  }

  return {
    async stop() {
      closing.abort();
      await running;
    },
  };
}

type Away = Extract<LookAnswer, { readonly kind: 'away' }>;

async function readOr<Result>(side: Away['side'], read: () => Promise<Result>): Promise<Result | Away> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DependencyAwayError) return { kind: 'away', side };
    throw error;
  }
}

async function readRaw(
  { db }: Pick<StoreConnection, 'db'>,
  { collection, documentId }: Look,
): Promise<{ readonly raw: Uint8Array | null }> {
  const raw = await within(READ_MS, (signal) =>
    db.collection(collection).findOne<Uint8Array>({ _id: { $eq: parseIdText(documentId) } } as Document, {
      ...{ raw: true, readConcern: { level: 'majority' }, readPreference: 'primary' },
      ...{ signal, maxTimeMS: READ_MS },
    }),
  );
  return { raw };
}
