import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { freeze, thaw } from '@sluice/local/freeze';
import type { KeptApp } from '@sluice/local/kept-app';
import type { AwayTimes } from './away-times.ts';

/** An app of a fault run, with the harm that can be done to it. */
export type FaultApp = {
  readonly name: string;
  readonly label: string;
  readonly url: string;
  readonly pid: () => number | undefined;
  /** Ends it by a signal; it is started again. Resolves when it is ready, or when `signal` aborts. */
  readonly end: (how: 'SIGKILL' | 'SIGTERM', signal: AbortSignal) => Promise<void>;
  /** Ends it and resolves once it is gone; it is started again a second later. */
  readonly kill: () => Promise<void>;
  /** Resolves when it is ready. @throws StartError after a minute */
  readonly whenReady: () => Promise<void>;
  /** Keeps it frozen for `ms`, or until `signal` aborts. */
  readonly freeze: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Wraps an app; its times of absence go to `away`. */
export function toFaultApp(app: KeptApp, away: AwayTimes): FaultApp {
  const { label } = app;

  async function whileAway(work: () => Promise<void>): Promise<void> {
    away.begin(label);
    try {
      await work();
    } finally {
      away.end(label);
    }
  }

  return {
    name: app.name,
    label,
    url: app.url,
    pid: app.pid,
    end: (how, signal) =>
      whileAway(async () => {
        await app.kill(how);
        // Another fault may keep it from being ready; in the end every app must be.
        await app.whenReady(signal).catch(() => undefined);
      }),
    kill: async () => {
      away.begin(label);
      await app.kill('SIGKILL');
      app.whenReady().then(
        () => away.end(label),
        () => undefined,
      );
    },
    whenReady: () => app.whenReady(),
    freeze: (ms, signal) =>
      whileAway(async () => {
        const pid = app.pid();
        if (pid === undefined) return;
        await freeze([pid]);
        await pause(ms, undefined, { signal }).catch(() => undefined);
        if (app.pid() === pid) thaw([pid]);
      }),
  };
}

/** The options by which an app's node loads what stands in `preload/`, with a clock that `file` may put wrong. */
export function toNodeOptions(name: string, clockFile: string): string {
  const toImport = (script: string) => pathToFileURL(join(import.meta.dirname, 'preload', script));
  const clock = toImport('wrong-clock.ts');
  clock.searchParams.set('file', clockFile);
  const imports = name === 'worker' ? [clock, toImport('deadly-payload.ts')] : [clock];
  return imports.map((url) => `--import=${url.href}`).join(' ');
}
