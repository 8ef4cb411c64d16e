/*
 * `npm run demo`: a whole Sluice, real input, and a table of what came out.
 *
 * 1. The inputs are made from a seed; a small legacy system is started to be polled.
 * 2. Sluice is started as by `npm start` (service.ts).
 * 3. The inputs are sent, awaited and compared with what was expected of them (demo.ts).
 * 4. Everything stays up until Ctrl-C, or is stopped at once (`--once`). The exit code is 1 if anything was off.
 */
import { orUsage } from '@sluice/local/command-line';
import { HELP, readArguments } from './arguments.ts';
import { runDemo } from './demo.ts';
import { createDisplay } from './display.ts';
import { createInputs } from './inputs/inputs.ts';
import { watchInterrupts } from './interrupts.ts';
import { startLegacyServer } from './legacy-server.ts';
import { createRun, createSecret } from './run.ts';
import { startService } from './service.ts';
import { describeAddresses, describeFaults, explainError } from './words.ts';

const INTERRUPTED = 130;
const { once, seed } = orUsage(HELP, readArguments);
const display = createDisplay(process.stdout);
const interrupts = watchInterrupts(display);
process.exitCode = await main().catch((error: unknown) => {
  if (interrupts.signal.aborted) return INTERRUPTED;
  display.say(explainError(error));
  return 1;
});
if (interrupts.signal.aborted) display.say('Stopped.');
process.exit();

async function main(): Promise<number> {
  const { say, write, paint } = display;
  const { signal } = interrupts;
  const run = createRun(seed);
  const githubSecret = createSecret();
  say(`Demo ${run.nonce}, made from seed ${seed}.`);
  const inputs = await createInputs(run, githubSecret);

  await using open = new AsyncDisposableStack();
  const legacy = await startLegacyServer(inputs.orders);
  open.defer(legacy.close);
  const { stack, logDir } = await startService({ githubSecret, ordersUrl: legacy.url, say, signal });
  open.defer(stack.stop);
  interrupts.onSecond(stack.kill);

  const { ingestUrl, apiUrl } = stack;
  const faults = await runDemo({ run, inputs, legacy, ingestUrl, apiUrl, display, signal });
  write(describeFaults(faults, paint));
  if (!once) {
    write(describeAddresses(stack, logDir));
    await interrupts.first;
  }
  return faults.length === 0 ? 0 : 1;
}
