import { setTimeout as delay } from 'node:timers/promises';
import { createBackoff } from './backoff.ts';
import { type Say, toMessage } from './say.ts';
import type { LocalServer } from './server-process.ts';

/** A server that is started again on the same port and data when it ends by itself. */
export type KeptServer = {
  readonly url: string;
  readonly about: string;
  /** Its present processes; none while it is down. */
  readonly pids: () => readonly number[];
  /** Ends it, with `force` by SIGKILL, and leaves it down until `start`. */
  readonly stop: (how?: { readonly force: boolean }) => Promise<void>;
  /** Starts it again after `stop`. */
  readonly start: () => Promise<void>;
};

/** Starts a server with `open` and keeps it running; `say` tells of each end and each restart. */
export async function keepServer(
  title: string,
  open: () => Promise<LocalServer>,
  say: Say,
): Promise<KeptServer> {
  let server = await open();
  let isUp = true;
  let stopping = new AbortController();
  let kept = keep(stopping.signal);
  const { url, about } = server;

  async function keep(signal: AbortSignal): Promise<void> {
    const backoff = createBackoff();
    for (;;) {
      backoff.begin();
      await Promise.race([server.ended, aborted(signal)]);
      isUp = false;
      await server.stop();
      if (signal.aborted) return;
      const again = await reopen(signal, backoff.next);
      if (again === undefined) return;
      server = again;
      isUp = true;
    }
  }

  async function reopen(signal: AbortSignal, nextMs: () => number): Promise<LocalServer | undefined> {
    let why = `${title} ended by itself`;
    for (;;) {
      const waitMs = nextMs();
      say(`${why}; it is started again on the same data in ${waitMs / 1000} s.`);
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
      try {
        return await open();
      } catch (error) {
        why = toMessage(error).replace(/\.$/, '');
      }
    }
  }

  return {
    url,
    about,
    pids: () => (isUp ? server.pids : []),
    stop: async (how) => {
      stopping.abort();
      await Promise.all([server.stop(how), kept]);
    },
    start: async () => {
      if (!stopping.signal.aborted) return;
      await kept;
      server = await open();
      isUp = true;
      stopping = new AbortController();
      kept = keep(stopping.signal);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
