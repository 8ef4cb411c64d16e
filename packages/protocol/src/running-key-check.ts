import type { CheckKey } from '@sluice/contracts/access';
import { createKeyCheck, type KeyMirror, type KeyReader } from './key-check.ts';

/** The check of a process that runs. */
export type RunningKeyCheck = {
  readonly check: CheckKey;
  /** Notes the last uses and stops. */
  stop(): Promise<void>;
};

export type RunningKeyCheckOptions = {
  readonly store: KeyReader & {
    /** Notes when keys were used. @throws DependencyAwayError */
    noteUses(uses: ReadonlyMap<string, Date>): Promise<void>;
  };
  readonly mirror: KeyMirror;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly logger: { warn(fields: { readonly err: unknown }, message: string): void };
};

/** How often the store is told which keys were used, in ms: a key shows its last use to the minute. */
const NOTE_MS = 60_000;

/** Starts to check keys, and to note their use. Uses that cannot be noted are dropped: the next ones come soon. */
export function startKeyCheck({ store, mirror, now, logger }: RunningKeyCheckOptions): RunningKeyCheck {
  const onTrouble = (err: unknown) => logger.warn({ err }, 'key.not-read-again');
  const { check, takeUses } = createKeyCheck({ store, mirror, now, onTrouble });

  async function note(): Promise<void> {
    const uses = takeUses();
    if (uses.size === 0) return;
    await store.noteUses(uses).catch((err: unknown) => logger.warn({ err }, 'key.use-not-noted'));
  }

  let noting = Promise.resolve();
  const timer = setInterval(() => {
    noting = noting.then(note);
  }, NOTE_MS);
  return {
    check,
    async stop() {
      clearInterval(timer);
      noting = noting.then(note);
      await noting;
    },
  };
}
