/*
 * How a process of Sluice starts and ends.
 *
 * 1. Settings are read and checked; wrong ones end it with a sentence on standard error and exit code 1.
 * 2. The logger, the instance id and the lifecycle are made; `start` opens the rest and adds it to the lifecycle.
 * 3. SIGTERM, SIGINT or the end of a parent that speaks over IPC closes everything and exits: 0 when all of it
 *    closed in time, else 1. The same signal once more exits with 1 at once; another one does not, because after
 *    Ctrl-C a process gets SIGINT from the terminal and SIGTERM from its parent.
 * 4. An error that nobody caught is logged; then the same way out, with 1. Going on after it could lose data.
 * 5. When `start` fails, what it had opened is closed; a plain error (a taken port, a wrong sources file) is told in
 *    its own sentences, the rest is logged.
 */

import { randomBytes } from 'node:crypto';
import { flushCompileCache } from 'node:module';
import { PlainError } from '@sluice/contracts/plain-error';
import type { z } from 'zod';
import { ConfigError, type DeepReadonly, describeConfig, loadConfig } from './config.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createLogger, type Logger } from './logger.ts';
import { KNOWN_SETTINGS, type settings } from './settings.ts';

/** What an app starts with. */
export type AppContext<Config> = {
  readonly config: Config;
  readonly logger: Logger;
  readonly lifecycle: Lifecycle;
  /** Names this process, differently at every start: `<app>-<12 hex digits>`. */
  readonly instance: string;
};

/** The settings that every app's schema has. */
type ProcessSettings = {
  readonly LOG_LEVEL: typeof settings.LOG_LEVEL;
  readonly SHUTDOWN_TIMEOUT_MS: typeof settings.SHUTDOWN_TIMEOUT_MS;
};

/** Makes an id that no other process and no other start of this one has. */
function createInstanceId(app: string): string {
  return `${app}-${randomBytes(6).toString('hex')}`;
}

/**
 * Runs an app from reading its settings to exiting; called once, by the app's `main.ts`. `start` gets the settings
 * of `schema`, which has LOG_LEVEL and SHUTDOWN_TIMEOUT_MS among them.
 */
export async function runApp<Schema extends z.ZodObject<ProcessSettings>>({
  app,
  schema,
  start,
}: {
  readonly app: string;
  readonly schema: Schema;
  readonly start: (context: AppContext<DeepReadonly<z.output<Schema>>>) => unknown;
}): Promise<void> {
  const config = readConfig(app, schema);
  const { LOG_LEVEL, SHUTDOWN_TIMEOUT_MS }: DeepReadonly<z.output<z.ZodObject<ProcessSettings>>> = config;
  const instance = createInstanceId(app);
  const logger = createLogger({ app, instance, level: LOG_LEVEL });
  const lifecycle = createLifecycle({ logger, timeoutMs: SHUTDOWN_TIMEOUT_MS });
  let ending = false;

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(1));
      end(signal, 0);
    });
  }
  if (process.connected) process.once('disconnect', () => end('disconnect', 0));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error, event }, 'process.failed');
      end(event, 1);
    });
  }

  try {
    await start({ config, logger, lifecycle, instance });
    if (!lifecycle.isClosing()) {
      logger.info({ pid: process.pid, config: describeConfig(schema, config) }, 'process.started');
      // Where NODE_COMPILE_CACHE names a folder: whoever is killed would never write what it compiled.
      flushCompileCache();
    }
  } catch (error) {
    if (error instanceof PlainError) complain(app, error);
    else logger.fatal({ err: error }, 'process.failed');
    end('start', 1);
  }

  function end(reason: string, code: 0 | 1): void {
    if (ending) return;
    ending = true;
    logger.info({ reason }, 'process.closing');
    lifecycle.close().then(
      (clean) => {
        logger.info({ reason, clean }, 'process.closed');
        process.exit(clean ? code : 1);
      },
      () => process.exit(1),
    );
  }
}

/** Reads the settings, or says what is wrong with them and exits. */
function readConfig<Schema extends z.ZodObject>(app: string, schema: Schema): DeepReadonly<z.output<Schema>> {
  try {
    return loadConfig(schema, { known: KNOWN_SETTINGS });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    complain(app, error);
    process.exit(1);
  }
}

function complain(app: string, error: Error): void {
  process.stderr.write(`${app}: ${error.message}\n`);
}
