import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sourceBodySchema } from '@sluice/contracts/sources-api';
import { expect, test } from 'vitest';
import { parseSourcesFile } from './sources-file.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

async function readBlocks(language: string): Promise<string[]> {
  const page = await readFile(join(ROOT, 'docs/sources.md'), 'utf8');
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, block]) => block ?? '',
  );
}

test('the sources that the docs show can be declared', async () => {
  const blocks = await readBlocks('yaml');
  expect(blocks.flatMap((block) => parseSourcesFile(block).map(({ id }) => id))).toEqual([
    'github',
    'shop',
    'erp',
    'plant-7',
  ]);
});

test('the source that the docs send to the api is one', async () => {
  const blocks = await readBlocks('json');
  expect(blocks.map((block) => sourceBodySchema.parse(JSON.parse(block)).id)).toEqual(['shop']);
});

test('the examples that ship with Sluice are good once their # is taken away', async () => {
  const text = await readFile(join(ROOT, 'deploy/sluice.sources.yaml'), 'utf8');
  expect(parseSourcesFile(text)).toEqual([]);
  const example = text
    .replace('sources: []', '')
    .replace(/^[\s\S]*?\n#\n/, '')
    .replace(/^# ?/gm, '');
  expect(parseSourcesFile(example).map(({ id }) => id)).toEqual(['github', 'erp']);
});
