/*
 * `npm start`: Redis, MongoDB and all apps on this machine; `npm start -- --backup`: a second MongoDB as its backup too.
 *
 * 1. Every setting is checked before anything is started; what is wrong is told in plain sentences.
 * 2. The stack is started (packages/local) and a line that begins with `ready` names the addresses.
 * 3. Ctrl-C, SIGTERM or a closed terminal stops the apps, then the servers; the same again kills them.
 */
import { join, resolve } from 'node:path';
import type { Stack } from '@sluice/local/stack';

const OLDEST_NODE = 24;

const USAGE = `Usage: npm start [-- --backup]

Starts Redis, MongoDB and all of Sluice on this machine. Ctrl-C stops everything.
  --backup  a second MongoDB as its backup, too

Settings come from the environment: docs/configuration.md.
`;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  say(`Sluice needs Node ${OLDEST_NODE} or newer; this is ${process.version}. \`npm start\` brings its own.`);
  process.exit(1);
}
await start();

async function start(): Promise<void> {
  const root = resolve(import.meta.dirname, '..');
  // Imported late, so that an old Node gets the sentence above and no error of a module that it cannot read.
  const { startStack } = await import('@sluice/local/stack');
  const { orUsage, parseOptions } = await import('@sluice/local/command-line');
  const flag = { type: 'boolean', default: false } as const;
  const { backup } = orUsage(USAGE, (args) => parseOptions(args, { backup: flag }));
  const starting = new AbortController();
  const running: { stack?: Stack } = {};
  onStopSignals(starting, running);
  try {
    const { loadStackSettings } = await import('@sluice/runtime/stack-settings');
    const settings = loadStackSettings(root, backup ? { SYNC_ENABLED: 'on' } : {});
    const { dataDir } = settings;
    const { buildDashboard } = await import('@sluice/local/dashboard-build');
    await buildDashboard(root, say);
    say(`Starting Sluice; its data and logs are in ${dataDir}.`);
    const { readAdminKey, toAdminKeyFile, toKeyNotice } = await import('@sluice/local/admin-key');
    const file = toAdminKeyFile(settings.env, dataDir);
    const before = await readAdminKey(file);
    const stack = await startStack({ ...settings, say, signal: starting.signal });
    running.stack = stack;
    announce(stack, join(dataDir, 'logs'));
    if (settings.env['AUTH'] === 'on') say(toKeyNotice({ file, before, after: await readAdminKey(file) }));
  } catch (error) {
    if (starting.signal.aborted) {
      say('Stopped.');
      process.exit(0);
    }
    say(isPlain(error) ? error.message : String(error instanceof Error ? error.stack : error));
    process.exit(1);
  }
}

function announce(stack: Stack, logDir: string): void {
  if (stack.redis !== undefined) say(`Redis    ${stack.redisUrl}  (${stack.redis.about})`);
  if (stack.mongo !== undefined) say(`MongoDB  ${stack.mongodbUri}  (${stack.mongo.about})`);
  if (stack.backup !== undefined) say(`Backup   ${stack.backupUri}  (${stack.backup.about})`);
  const addresses = [
    `dashboard ${stack.apiUrl}`,
    `ingest ${stack.ingestUrl}`,
    `api ${stack.apiUrl}`,
    `Bull Board ${stack.apiUrl}/admin/queues`,
    `docs ${stack.apiUrl}/docs`,
    `live ${stack.liveUrl}`,
  ];
  if (stack.workers().length === 0) say('WORKERS=0: events are accepted and wait for a worker.');
  say(`ready  ${addresses.join('  ')}`);
  say(`Logs are in ${logDir}. Ctrl-C stops everything.`);
}

function onStopSignals(starting: AbortController, running: { stack?: Stack }): void {
  let count = 0;
  const stop = async (): Promise<void> => {
    count += 1;
    if (count === 1) {
      say('Stopping: the apps finish what they hold, then the servers end. The same again kills them.');
      starting.abort(new Error('Stopped while starting.'));
      if (running.stack === undefined) return;
      await running.stack.stop();
      say('Stopped.');
      process.exit(0);
    }
    // While it is still starting there is no stack yet: the guard of the processes ends them.
    await running.stack?.kill();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stop().catch((error: unknown) => {
        say(String(error));
        process.exit(1);
      });
    });
  }
  // A closed terminal takes no more lines, which is no reason to leave the apps without a proper end.
  process.stdout.on('error', () => undefined);
}

/** Errors whose message is all that a person needs. */
function isPlain(error: unknown): error is Error {
  return error instanceof Error && (error.name === 'StartError' || error.name === 'ConfigError');
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}
