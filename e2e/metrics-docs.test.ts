import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** A metric in one line: its name, type, labels and app. */
type Line = `${string} ${string} [${string}] ${string}`;

/** Finds how metrics are made in the code; `collect` and `buckets` stand behind the labels. */
const MADE = /create(Counter|Gauge|Histogram)\(\{\s*name: '([a-z_]+)',(.*?)(?:collect|buckets:|\}\))/gs;

function toLabels(text: string): string {
  return [...text.matchAll(/['`]([a-z_]+)['`]/g)].map(([, label]) => label).join();
}

async function listMade(): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const file of glob('apps/*/src/**/*.ts', { cwd: ROOT })) {
    const text = await readFile(join(ROOT, file), 'utf8');
    const app = file.split('/')[1] ?? '';
    for (const [, type = '', name = '', rest = ''] of text.matchAll(MADE)) {
      const [, given = ''] = /labels: (\[.*?\]|\w+)/s.exec(rest) ?? [];
      const constant = given.startsWith('[')
        ? given
        : new RegExp(`const ${given} = (\\[.*?\\])`).exec(text)?.[1];
      const labels = given === '' ? '' : toLabels(constant ?? '?');
      lines.push(`sluice_${name} ${type.toLowerCase()} [${labels}] ${app}`);
    }
    const count = [...text.matchAll(/\.create(?:Counter|Gauge|Histogram)\(/g)].length;
    expect([...text.matchAll(MADE)], file).toHaveLength(count);
  }
  return lines.sort();
}

async function listDocumented(): Promise<Line[]> {
  const text = await readFile(join(ROOT, 'docs/metrics.md'), 'utf8');
  const lines = [...text.matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \| (\w+) \| [^|]+ \| [^|]+ \|$/gm)].map(
    ([, name, type, labels = '', app]): Line => `${name} ${type} [${toLabels(labels)}] ${app}`,
  );
  expect(lines).toHaveLength([...text.matchAll(/^\| `/gm)].length);
  return lines.sort();
}

it('every metric has its row in docs/metrics.md, with its type and labels, and every row its metric', async () => {
  const ofEvery: Line = 'sluice_process_info gauge [process] every';
  expect(await listDocumented()).toEqual([...(await listMade()), ofEvery].sort());
});

it('the rules for Prometheus ask for no metric that there is not', async () => {
  const rules = await readFile(join(ROOT, 'deploy/prometheus/sluice.rules.yaml'), 'utf8');
  const known = new Set((await listDocumented()).map((line) => line.split(' ', 1)[0]));
  const asked = [...rules.matchAll(/\bsluice_\w+/g)].map(([name]) =>
    name.replace(/_(bucket|count|sum)$/, ''),
  );
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
  const links = [...rules.matchAll(/(docs\/[\w-]+\.md)/g)].map(([, path]) => join(ROOT, path ?? ''));
  expect(links.filter((path) => !existsSync(path))).toEqual([]);
});
