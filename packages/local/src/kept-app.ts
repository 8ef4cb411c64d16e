import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AppHost, type AppRun, type AppSpec, startAppRun } from './app-run.ts';
import { type Backoff, createBackoff } from './backoff.ts';
import { type Say, StartError, toMessage } from './say.ts';

/**
 * The life of a kept app:
 *   1. It is started. If it ends before it was ever ready, it stays down and `whenReady` tells why: a wrong setting
 *      would only fail again.
 *   2. Once it was ready, it is started again whenever it ends: after 1 s, then 2 s, 4 s ... 30 s; after 10 s of
 *      life the next end waits 1 s again.
 *   3. `stop` sends SIGTERM, and SIGKILL 30 s later.
 */
export type KeptApp = {
  readonly name: string;
  readonly label: string;
  /** Where it is probed and, for ingest, api and live, where it answers. */
  readonly url: string;
  readonly logFile: string;
  /** Its present process; undefined while it is down. */
  readonly pid: () => number | undefined;
  /** Ends the present process by a signal and waits for its end; it will be started again. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
  /** Waits until `/readyz` answers 200; throws `StartError` after 60 s, or when the app stays down. */
  readonly whenReady: (signal?: AbortSignal) => Promise<void>;
  /** Ends it for good; with `force` at once by SIGKILL. */
  readonly stop: (how?: { readonly force: boolean }) => Promise<void>;
};

const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;
const POLL_MS = 100;
const PROBE_DEADLINE_MS = 3000;

/** Starts an app and keeps it running; `say` tells of each end and each restart. */
export function keepApp(spec: AppSpec, host: AppHost, say: Say): KeptApp {
  const { label } = spec;
  const logFile = join(host.logDir, `${label}.log`);
  const stopping = new AbortController();
  const backoff = createBackoff();
  let failure: StartError | undefined;
  let wasReady = false;
  let run = startAppRun(spec, host, logFile);
  const kept = keep();

  async function keep(): Promise<void> {
    for (;;) {
      backoff.begin();
      const end = await run.ended;
      if (stopping.signal.aborted) return;
      if (!wasReady) {
        failure = new StartError(`${label} ended with ${end.replace(/\.$/, '')}.\nIts log is ${logFile}.`);
        return;
      }
      if (!(await pause(backoff, `${label} ended with ${end}`, say, stopping.signal))) return;
      run = startAppRun(spec, host, logFile);
    }
  }

  async function whenReady(signal?: AbortSignal): Promise<void> {
    const deadline = performance.now() + READY_DEADLINE_MS;
    for (;;) {
      signal?.throwIfAborted();
      const current = run;
      const reason = current.hasEnded() ? 'it is down' : await probe(`${spec.probeUrl}/readyz`);
      if (failure !== undefined) throw failure;
      if (reason === undefined && current === run && !run.hasEnded()) break;
      if (performance.now() > deadline) {
        throw new StartError(
          `${label} is not ready after ${READY_DEADLINE_MS / 1000} s (${reason ?? 'it ended'}). Its log is ${logFile}.`,
        );
      }
      await delay(POLL_MS);
    }
    wasReady = true;
  }

  return {
    name: spec.name,
    label,
    url: spec.probeUrl,
    logFile,
    pid: () => (run.hasEnded() ? undefined : run.pid),
    kill: async (signal) => {
      const current = run;
      current.signal(signal);
      await current.ended;
    },
    whenReady,
    stop: async (how) => {
      stopping.abort();
      await endRun(run, how?.force === true, () => say(`${label} did not end within 30 s and was killed.`));
      await kept;
    },
  };
}

async function endRun(run: AppRun, force: boolean, onKill: () => void): Promise<void> {
  run.signal(force ? 'SIGKILL' : 'SIGTERM');
  const late = setTimeout(() => {
    run.signal('SIGKILL');
    onKill();
  }, STOP_DEADLINE_MS);
  await run.ended;
  clearTimeout(late);
}

/** Says what ended and waits before it is started again; returns false when it shall stay down. */
async function pause(backoff: Backoff, what: string, say: Say, signal: AbortSignal): Promise<boolean> {
  const waitMs = backoff.next();
  say(`${what}; it is started again in ${waitMs / 1000} s.`);
  await delay(waitMs, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

/** Returns undefined when a probe answers 200, else the reason why it is not ready. */
async function probe(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PROBE_DEADLINE_MS) });
    const text = await answer.text();
    return answer.ok ? undefined : `${answer.status} ${text.slice(0, 300)}`;
  } catch (error) {
    return toMessage(error instanceof Error && error.cause !== undefined ? error.cause : error);
  }
}
