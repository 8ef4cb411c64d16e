/*
 * `npm run test:mutants`: breaks the product one way at a time and names the test that catches each.
 *
 *  1. The project is copied (tree.ts); nothing is changed where it is.
 *  2. All the tests that are named are run once on the unbroken copy, and must pass.
 *  3. Each mutant is written into the copy, its tests are run up to the first that fails, and it is taken back.
 *  4. The exit code is 1 when one survives, is out of date, or ends otherwise than with a failed test.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { orUsage } from '@sluice/local/command-line';
import { readArguments, USAGE } from './arguments.ts';
import { mutants as all } from './list/all.ts';
import { type Mutant, MutantError, mutate } from './mutant.ts';
import { joinProofs } from './proof.ts';
import { runTests } from './run-tests.ts';
import { createTable } from './table.ts';
import { copyTree, type Tree } from './tree.ts';
import { type Outcome, tryMutant } from './trial.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const INTERRUPTED = 130;
const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupt.abort());
process.exitCode = await main().catch((error: unknown) => {
  if (interrupt.signal.aborted) return INTERRUPTED;
  write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 2;
});

async function main(): Promise<number> {
  const { mutants, isListing } = orUsage(USAGE, (args) => readArguments(args, all));
  return isListing ? listMutants(mutants) : tryMutants(mutants);
}

async function listMutants(mutants: readonly Mutant[]): Promise<number> {
  let outdated = 0;
  for (const mutant of mutants) {
    const trouble = await findTrouble(mutant);
    if (trouble !== null) outdated += 1;
    write(`${mutant.breaks}: ${mutant.name} (${mutant.file})${trouble === null ? '' : `: ${trouble}`}\n`);
  }
  return outdated === 0 ? 0 : 1;
}

async function findTrouble(mutant: Mutant): Promise<string | null> {
  try {
    mutate(await readFile(join(ROOT, mutant.file), 'utf8'), mutant);
    return null;
  } catch (error) {
    if (error instanceof MutantError) return error.message;
    throw error;
  }
}

async function tryMutants(mutants: readonly Mutant[]): Promise<number> {
  const startedMs = performance.now();
  const tree = await copyTree(ROOT);
  try {
    write(`Copied to ${tree.dir}; ${tree.modules} modules of packages are loaded from there.\n`);
    if (!(await isGreen(tree, mutants))) return 1;
    const table = createTable(mutants);
    write(`\n${table.head}`);
    const outputs: string[] = [];
    let caught = 0;
    for (const mutant of mutants) {
      const beganMs = performance.now();
      const outcome: Outcome = await tryMutant(tree, mutant, interrupt.signal);
      write(table.toRow(mutant, outcome, (performance.now() - beganMs) / 1000));
      if (outcome.kind === 'caught') caught += 1;
      if (outcome.kind === 'invalid' && outcome.output !== '')
        outputs.push(`${mutant.name}:\n${outcome.output}`);
    }
    for (const output of outputs) write(`\n${output}\n`);
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    write(`\n${caught} of ${mutants.length} mutants are caught (${seconds} s).\n`);
    return caught === mutants.length ? 0 : 1;
  } finally {
    await tree.remove();
  }
}

/** Tells whether the tests pass while nothing is broken: else a failure would say nothing of a mutant. */
async function isGreen({ dir }: Tree, mutants: readonly Mutant[]): Promise<boolean> {
  const proofs = joinProofs(mutants.map(({ tests }) => tests));
  for (const proof of proofs) {
    const beganMs = performance.now();
    const { verdict, output } = await runTests({ dir, signal: interrupt.signal }, proof, false);
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    const what = `${proof.files.length} files (${proof.project}${proof.named === undefined ? '' : `, ${proof.named}`})`;
    if (verdict.kind !== 'green') {
      const why = verdict.kind === 'red' ? verdict.test : verdict.reason;
      write(`${output}\nUnbroken, ${what} do not pass: ${why}\n`);
      return false;
    }
    write(`Unbroken, ${verdict.tests} tests of ${what} pass (${seconds} s).\n`);
  }
  return true;
}

function write(text: string): void {
  process.stdout.write(text);
}
