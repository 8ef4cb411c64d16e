import type { Display } from './display.ts';

/** How a person ends a demo: the first Ctrl-C (or SIGTERM, or a closed terminal) in order, the second by force. */
export type Interrupts = {
  /** Aborted by the first. */
  readonly signal: AbortSignal;
  /** Resolves with the first. */
  readonly first: Promise<void>;
  /** Says what the second has to do before the program exits. */
  onSecond(kill: () => Promise<void>): void;
};

const KILLED = 137;

/** Begins to watch for interrupts. */
export function watchInterrupts({ say, stream }: Pick<Display, 'say' | 'stream'>): Interrupts {
  const stopping = new AbortController();
  const { promise: first, resolve } = Promise.withResolvers<void>();
  let kill = async (): Promise<void> => undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (stopping.signal.aborted) {
        kill().then(
          () => process.exit(KILLED),
          () => process.exit(KILLED),
        );
        return;
      }
      say('\nStopping: the apps finish what they hold, then the servers end. The same again kills them.');
      stopping.abort(new Error('The demo was stopped.'));
      resolve();
    });
  }
  // A closed terminal takes no more lines, which is no reason to leave the apps without a proper end.
  stream.on('error', () => undefined);
  return {
    signal: stopping.signal,
    first,
    onSecond(then) {
      kill = then;
    },
  };
}
