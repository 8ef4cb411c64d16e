/*
 * Schemathesis against a running Sluice:
 *   1. The ids of things that there are to ask for are added to the settings.
 *   2. Schemathesis reads /openapi.json and asks every operation: with the examples, at the borders of each schema, at
 *      random, and in sequences where one answer gives the next request its id.
 *   3. What it says in the end is the report. Nothing of it is judged here.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Environment } from '@sluice/local/say';
import { createClient } from '../openapi/client.ts';
import { WORLD_SOURCES, type World } from '../openapi/world.ts';

export type FuzzOptions = {
  readonly apiUrl: string;
  /** An admin's key. */
  readonly key: string;
  /** What there is to ask for. */
  readonly world: World;
  /** Where `findSchemathesis` found it. */
  readonly schemathesis: string;
  readonly seed: number;
  /** Requests at random per operation. */
  readonly maxExamples: number;
  /** Goes on until then, with further requests at random; by default it ends when all is done. */
  readonly maxSeconds?: number;
  /** Which kinds of requests: `examples`, `coverage`, `fuzzing`, `stateful`; all by default. */
  readonly phases?: readonly string[];
  readonly env: Environment;
  readonly signal: AbortSignal;
};

/** What came of a run. */
export type FuzzReport = {
  /** Whether Schemathesis ran to its end and found nothing. */
  readonly ok: boolean;
  /** One line: operations, requests, seconds. */
  readonly summary: string;
  /** All that Schemathesis said; each finding has a curl line. */
  readonly output: string;
};

/** How often a request is about something that exists. */
const KNOWN_SHARE = 0.7;

/** Asks every operation what nobody would ask. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { apiUrl, key, world, env, signal } = options;
  const dir = await mkdtemp(join(tmpdir(), 'sluice-fuzz-'));
  try {
    const [config, report] = [join(dir, 'schemathesis.toml'), join(dir, 'report.json')];
    const settings = await readFile(join(import.meta.dirname, 'schemathesis.toml'), 'utf8');
    await writeFile(config, `${settings}\n${toDictionaries(world)}`);
    const child = spawn('python3', ['-m', 'schemathesis.cli', ...toArguments(options, config, report)], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, PYTHONPATH: options.schemathesis, PYTHONNOUSERSITE: '1', SLUICE_FUZZ_KEY: key },
    });
    // Told to end it says what it found so far.
    const end = (): boolean => child.kill('SIGINT');
    signal.addEventListener('abort', end, { once: true });
    const [output, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    signal.removeEventListener('abort', end);
    const summary = await readSummary(report);
    // With a key that was revoked on the way every operation would have been refused from there on.
    const { status } = await createClient(apiUrl, key).call('GET', '/api/session');
    const lost = status === 200 ? '' : `The key of the run was answered ${status} in the end.\n`;
    return { ok: code === 0 && lost === '', summary, output: `${output}${errors}${lost}` };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function toArguments(options: FuzzOptions, config: string, report: string): string[] {
  const { apiUrl, seed, maxExamples, maxSeconds, phases } = options;
  return [
    ...['--config-file', config, 'run', `${apiUrl}/openapi.json`],
    ...['--seed', `${seed}`, '--max-examples', `${maxExamples}`, '--generation-database', 'none'],
    ...['--continue-on-failure', '--no-color', '--warnings', 'off', '--request-timeout', '10'],
    ...['--report', 'json', '--report-json-path', report],
    ...(maxSeconds === undefined ? [] : ['--max-time', `${maxSeconds}`]),
    ...(phases === undefined ? [] : ['--phases', phases.join(',')]),
  ];
}

/** Writes the ids of a world as settings, by the paths that take them. */
function toDictionaries({ ids, events, dead }: World): string {
  const values: Readonly<Record<string, readonly string[]>> = {
    ...Object.fromEntries(Object.entries(ids).map(([word, id]) => [word, [id]])),
    events: [...events, ...dead],
    sources: Object.values(WORLD_SOURCES),
  };
  return Object.entries(values)
    .filter(([word]) => word !== 'mapping')
    .map(([word, list]) =>
      [
        `[dictionaries.${word}]`,
        `values = ${JSON.stringify(list)}`,
        '[[operations]]',
        `include-path-regex = "^/(api/)?${word}/[{]"`,
        `parameters = { "path.${word === 'hooks' ? 'source' : 'id'}" = { dictionary = "${word}", probability = ${KNOWN_SHARE} } }`,
      ].join('\n'),
    )
    .join('\n');
}

type Verdict = {
  readonly running_time: number | null;
  readonly operations: { readonly selected: number; readonly tested: number };
  readonly test_cases: { readonly generated: number; readonly unique_failures: number };
};

async function readSummary(report: string): Promise<string> {
  const verdict = await readFile(report, 'utf8').then(
    (text) => JSON.parse(text) as Verdict,
    () => undefined,
  );
  if (verdict === undefined) return 'It ended without a report';
  const { operations, test_cases: cases, running_time: seconds } = verdict;
  return `${operations.tested} of ${operations.selected} operations, ${cases.generated} requests, ${Math.round(seconds ?? 0)} s, ${cases.unique_failures} findings`;
}
