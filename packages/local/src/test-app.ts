import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { startAppRun } from './app-run.ts';
import { createGuard } from './guard.ts';
import type { Environment } from './say.ts';

/** A process of an app that a test has for itself. */
export type TestApp = {
  readonly pid: number;
  signal(name: NodeJS.Signals): void;
  /** How it ended, in words: `code 0`, or `SIGKILL`. */
  readonly ended: Promise<string>;
  /** Returns the lines that it has logged with this message. */
  readLines(message: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Resolves once it has logged a line with this message. */
  waitForLine(message: string): Promise<void>;
  /** Returns all that it has written. */
  readOutput(): Promise<string>;
};

/** Starts `apps/<name>/src/main.ts` with these settings and nothing of the host's; it ends with the test. */
export function startTestApp(name: string, settings: Environment): TestApp {
  const dir = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  const logFile = join(dir, `${name}.log`);
  const guard = createGuard();
  const root = resolve(import.meta.dirname, '../../..');
  const spec = { name, label: name, env: { PATH: '/usr/bin:/bin', ...settings }, probeUrl: '' };
  const run = startAppRun(spec, { root, logDir: dir, guard }, logFile);
  const ended = run.ended.then(async (how) => {
    await guard.close();
    return how;
  });
  onTestFinished(async () => {
    run.signal('SIGCONT');
    run.signal('SIGKILL');
    await ended;
    await rm(dir, { recursive: true, force: true });
  });

  async function readLines(message: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const lines = (await readOutput()).split('\n').filter((line) => line.includes(`"msg":"${message}"`));
    return lines.map((line) => JSON.parse(line));
  }

  function readOutput(): Promise<string> {
    return readFile(logFile, 'utf8');
  }

  return {
    pid: run.pid ?? 0,
    signal: run.signal,
    ended,
    readLines,
    readOutput,
    async waitForLine(message) {
      await vi.waitFor(
        async () => {
          if ((await readLines(message)).length > 0) return;
          throw new Error(`${name} has not logged ${message}, but:\n${await readOutput()}`);
        },
        { timeout: 30_000, interval: 50 },
      );
    },
  };
}
