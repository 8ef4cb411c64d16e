import type { InstanceDocument } from '@sluice/contracts/bulk';
import type { GroupCommit } from './group-commit.ts';

/** Tells the ledger regularly how far this process has numbered its batches. */
export type Heartbeat = {
  /** Beats a last time and stops. */
  stop(): Promise<void>;
};

/** How often the ledger is told, in ms. */
const BEAT_MS = 1000;

export type BeatOptions = {
  readonly instance: string;
  readonly app: string;
  readonly commit: Pick<GroupCommit, 'head' | 'voidUnconfirmed'>;
  readonly beat: (document: InstanceDocument) => Promise<void>;
  /** Told of the first of several failed beats. */
  readonly onFailed: (error: unknown) => void;
  readonly now: () => number;
};

/** Creates a function that tells the ledger once how far this process has come; it never rejects. */
export function createBeat({ instance, app, commit, beat, onFailed, now }: BeatOptions): () => Promise<void> {
  const startedAt = new Date(now());
  let failing = false;
  return async () => {
    // The other batches are told of also while those cannot be.
    const voiding = commit.voidUnconfirmed();
    const telling = beat({ _id: instance, app, ...commit.head(), startedAt, seenAt: new Date(now()) });
    const failed = (await Promise.allSettled([telling, voiding])).find(isRejected);
    if (failed !== undefined && !failing) onFailed(failed.reason);
    failing = failed !== undefined;
  };
}

/**
 * Starts the heartbeat. A beat that fails is made up for by the next one, because each tells the whole state; so
 * a batch is noticed as lost at the latest a second after it was accepted. While MongoDB keeps a beat waiting there is no
 * other: they would all have to end before the process can.
 */
export function startHeartbeat(options: BeatOptions): Heartbeat {
  const beatOnce = createBeat(options);
  let beating: Promise<void> | undefined;

  function next(): void {
    beating ??= beatOnce().finally(() => {
      beating = undefined;
    });
  }

  const timer = setInterval(next, BEAT_MS);
  next();
  return {
    async stop() {
      clearInterval(timer);
      await beating;
      await beatOnce();
    },
  };
}

function isRejected(result: PromiseSettledResult<void>): result is PromiseRejectedResult {
  return result.status === 'rejected';
}
