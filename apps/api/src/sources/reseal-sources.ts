/*
 * What becomes of the secrets of sources that the api made when SECRETS_KEY changes.
 *
 *  1. A minute after the start, so that in a rolling deploy the others know the new key too, every stored source is
 *     looked at. A secret that was encrypted with an old key is opened and encrypted with the one of now.
 *  2. A source is written only if it is still as it was read: any number of processes may do this at once, beside people
 *     who change sources. One that somebody changed meanwhile is looked at again.
 *  3. While MongoDB is away it is tried again every minute. When all are done the log says how many were encrypted
 *     anew, and names those that do not open here. Those of the sources file are the scheduler's.
 */
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { Logger } from '@sluice/runtime/logger';
import type { SecretBox } from '@sluice/sources/secret-box';
import { resealSource } from '@sluice/sources/source-sealer';
import type { SourceStore } from '@sluice/store/sources-store';

export type Resealing = {
  /** Resolves when every source was looked at, or it was stopped before. */
  readonly ended: Promise<void>;
  /** Ends it; resolves when the source in hand is written. */
  stop(): Promise<void>;
};

const DELAY_MS = 60_000;

/** Begins to bring the stored secrets to the key of now; `delayMs` (a minute) is the pause before each attempt. */
export function startResealing({
  sources,
  box,
  logger,
  delayMs = DELAY_MS,
}: {
  readonly sources: Pick<SourceStore, 'list' | 'replace'>;
  readonly box: SecretBox;
  readonly logger: Logger;
  readonly delayMs?: number;
}): Resealing {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let isStopped = false;
  let resealed = 0;
  let attempt = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  function begin(): void {
    timer = setTimeout(() => {
      attempt = reseal().then((isDone) => (isDone || isStopped ? end() : begin()));
    }, delayMs);
  }

  /** Tells whether there is nothing left to be done here. */
  async function reseal(): Promise<boolean> {
    try {
      return await resealOnce();
    } catch (err) {
      logger.warn({ err }, 'sources.not-resealed');
      return !(err instanceof DependencyAwayError);
    }
  }

  async function resealOnce(): Promise<boolean> {
    const left: string[] = [];
    let isDone = true;
    const { sources: records } = await sources.list();
    for (const { id, owner, revision, source } of records) {
      if (isStopped) return true;
      if (owner === 'file') continue;
      const next = resealSource(source, box);
      if (next.isLeft) left.push(id);
      if (next.source === null) continue;
      const replaced = await sources.replace(next.source, revision);
      if (typeof replaced !== 'string') resealed += 1;
      else if (replaced === 'stale') isDone = false;
    }
    if (left.length > 0) logger.error({ sources: left }, 'sources.secrets-unreadable');
    if (isDone && resealed > 0) logger.info({ resealed }, 'sources.resealed');
    return isDone;
  }

  begin();
  return {
    ended,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await attempt;
      end();
    },
  };
}
