import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Proof } from './proof.ts';
import { runNode } from './run-program.ts';
import { type Report, toVerdict, type Verdict } from './verdict.ts';

const MINUTE = 60_000;

/** How long the tests of a mutant, and all of them unbroken, may take. */
const MUTANT_MS = 3 * MINUTE;
const UNBROKEN_MS = 10 * MINUTE;
const LOAD_MS = MINUTE;

/** Where and how to run. */
export type Place = { readonly dir: string; readonly signal: AbortSignal };

/** A verdict, with the end of what Vitest wrote. */
export type Tested = { readonly verdict: Verdict; readonly output: string };

/** Runs the tests of a proof: all of them unbroken, else up to the first that fails. */
export async function runTests({ dir, signal }: Place, proof: Proof, isBroken: boolean): Promise<Tested> {
  const file = join(dir, 'node_modules/.mutant-report.json');
  await rm(file, { force: true });
  const { code, output } = await runNode(
    [
      join(dir, 'node_modules/vitest/vitest.mjs'),
      'run',
      ...['--project', proof.project, '--reporter', 'json', '--outputFile', file],
      ...(isBroken ? ['--bail', '1'] : []),
      ...(proof.named === undefined ? [] : ['--testNamePattern', proof.named]),
      ...proof.files,
    ],
    { cwd: dir, signal, timeoutMs: isBroken ? MUTANT_MS : UNBROKEN_MS },
  );
  signal.throwIfAborted();
  const text = await readFile(file, 'utf8').catch(() => null);
  const report = text === null ? null : (JSON.parse(text) as Report);
  return { verdict: toVerdict(report, code), output };
}

/** Loads a module, which does nothing by itself; returns what Node wrote if it cannot be loaded. */
export async function findLoadError({ dir, signal }: Place, file: string): Promise<string | null> {
  const program = 'await import(process.argv[1]); process.exit();';
  const url = pathToFileURL(join(dir, file)).href;
  const args = ['--input-type=module', '--eval', program, url];
  const { code, output } = await runNode(args, { cwd: dir, signal, timeoutMs: LOAD_MS });
  return code === 0 ? null : output;
}
