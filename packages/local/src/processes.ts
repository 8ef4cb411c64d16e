import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AppHost, AppSpec } from './app-run.ts';
import { type KeptApp, keepApp } from './kept-app.ts';
import { rotateLog } from './logs.ts';
import type { Say } from './say.ts';

/** Running apps. */
export type Apps = {
  /** All of them, in the order of their start. */
  readonly list: () => readonly KeptApp[];
  /** Starts one more and waits until it is ready. */
  readonly add: (spec: AppSpec) => Promise<KeptApp>;
  /** Ends all at once; with `force` by SIGKILL. */
  readonly stop: (how?: { readonly force: boolean }) => Promise<void>;
};

/** What to start, and where. */
export type AppsOptions = AppHost & {
  readonly apps: readonly AppSpec[];
  readonly say: Say;
  /** Gives up waiting for the apps. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Starts apps as a process manager would, keeps them running, and waits until each is ready. Each logs to
 * `<logDir>/<label>.log`; the logs of the last start are moved aside.
 *
 * @throws StartError with the last telling line of the first app that ends, after stopping the others
 */
export async function startApps(options: AppsOptions): Promise<Apps> {
  const { say, signal } = options;
  const kept: KeptApp[] = [];
  const stop = async (how?: { readonly force: boolean }): Promise<void> => {
    await Promise.all(kept.map((app) => app.stop(how)));
  };
  const launch = async (spec: AppSpec): Promise<KeptApp> => {
    await rotateLog(join(options.logDir, `${spec.label}.log`));
    const app = keepApp(spec, options, say);
    kept.push(app);
    return app;
  };
  await mkdir(options.logDir, { recursive: true });
  try {
    for (const spec of options.apps) await launch(spec);
    await Promise.all(kept.map((app) => app.whenReady(signal)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    list: () => kept,
    add: async (spec) => {
      const app = await launch(spec);
      await app.whenReady();
      return app;
    },
    stop,
  };
}
