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
    try {
      const voided = commit.voidUnconfirmed();
      // The other batches are told of also while those cannot be.
      voided.catch(() => undefined);
      await beat({ _id: instance, app, ...commit.head(), startedAt, seenAt: new Date(now()) });
      await voided;
      failing = false;
    } catch (error) {
      if (!failing) onFailed(error);
      failing = true;
    }
  };
}

/**
 * Starts the heartbeat. A beat that fails is made up for by the next one, because each tells the whole state; so
 * a batch is noticed as lost at the latest a second after it was accepted.
 */
export function startHeartbeat(options: BeatOptions): Heartbeat {
  const beatOnce = createBeat(options);
  let beating = Promise.resolve();

  function next(): void {
    beating = beating.then(beatOnce);
  }

  const timer = setInterval(next, BEAT_MS);
  next();
  return {
    async stop() {
      clearInterval(timer);
      next();
      await beating;
    },
  };
}
