import type { Logger } from '@sluice/runtime/logger';

/**
 * Holding: while a dependency is away, fetching pauses and a probe asks for it; when it answers, fetching goes on.
 * However many jobs say so at once, there is one hold.
 */
export type Hold = {
  /** Begins a hold, unless there is one. */
  begin(reason: string): void;
  isHolding(): boolean;
  /** Tells why it holds and since when, in epoch ms; null while it does not. */
  read(): { readonly reason: string; readonly sinceMs: number } | null;
  /** Ends the hold, if there is one, without resuming: the process is about to stop. */
  stop(): void;
};

/** The first and the longest pause between two probes. */
const FIRST_PROBE_MS = 250;
const LONGEST_PROBE_MS = 5000;

/** Creates the hold of one worker. `probe` rejects while the dependency is away. */
export function createHold({
  pause,
  resume,
  probe,
  logger,
  onHeld,
  now,
  random = Math.random,
}: {
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly probe: () => Promise<void>;
  readonly logger: Logger;
  /** Told how long a hold took, in ms, when it ends. */
  readonly onHeld: (heldMs: number) => void;
  readonly now: () => number;
  readonly random?: () => number;
}): Hold {
  let held: { readonly reason: string; readonly sinceMs: number } | null = null;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  function begin(reason: string): void {
    if (held !== null || stopped) return;
    const sinceMs = now();
    held = { reason, sinceMs };
    logger.warn({ reason }, 'worker.held');
    pause().catch((error: unknown) => logger.error({ err: error }, 'worker.pause-failed'));
    probeAfter(FIRST_PROBE_MS, sinceMs);
  }

  function probeAfter(delayMs: number, sinceMs: number): void {
    // Jitter: workers that were held together must not all return to a database that has just come back.
    timer = setTimeout(() => void probeOnce(delayMs, sinceMs), delayMs / 2 + (random() * delayMs) / 2);
  }

  async function probeOnce(delayMs: number, sinceMs: number): Promise<void> {
    try {
      await probe();
      if (!stopped) await resume();
    } catch {
      // Still away; the reason was logged when the hold began.
      if (!stopped) probeAfter(Math.min(delayMs * 2, LONGEST_PROBE_MS), sinceMs);
      return;
    }
    if (stopped) return;
    held = null;
    const heldMs = now() - sinceMs;
    logger.info({ heldMs }, 'worker.resumed');
    onHeld(heldMs);
  }

  function stop(): void {
    stopped = true;
    clearTimeout(timer);
  }

  return { begin, isHolding: () => held !== null, read: () => held, stop };
}
