import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { settings } from '@sluice/runtime/settings';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** A path in backticks: `packages/...`, `apps/...` and the like; patterns and placeholders are no paths. */
const NAMED = /`((?:apps|packages|docs|e2e|demo|scripts|deploy)\/[\w./-]+)`/g;
const LINKED = /\]\((?!https?:|#)([^)#\s]+)/g;
const ANCHORED = /\]\((?!https?:)([^)#\s]*\.md)?#([^)\s]+)\)/g;

it('names no path in the docs that does not exist', async () => {
  const missing: string[] = [];
  for await (const file of glob(['*.md', 'docs/**/*.md'], { cwd: ROOT })) {
    const text = await readFile(join(ROOT, file), 'utf8');
    const named = [...text.matchAll(NAMED)].map(([, path]) => resolve(ROOT, path ?? ''));
    const linked = [...text.matchAll(LINKED)].map(([, path]) => resolve(ROOT, dirname(file), path ?? ''));
    missing.push(
      ...[...named, ...linked].filter((path) => !existsSync(path)).map((path) => `${file}: ${path}`),
    );
  }
  expect(missing).toEqual([]);
});

it('links to no heading in the docs that is not there', async () => {
  const missing: string[] = [];
  for await (const file of glob(['*.md', 'docs/**/*.md'], { cwd: ROOT })) {
    const text = await readFile(join(ROOT, file), 'utf8');
    for (const [link, path = '', anchor = ''] of text.matchAll(ANCHORED)) {
      const target = path === '' ? text : await readFile(resolve(ROOT, dirname(file), path), 'utf8');
      if (!listAnchors(target).includes(anchor)) missing.push(`${file}: ${link}`);
    }
  }
  expect(missing).toEqual([]);
});

/** Names the headings of a page as links do. */
function listAnchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

it('shows every setting of docker-compose.yml in .env.example, and no other', async () => {
  const [composed, example] = await Promise.all(
    ['docker-compose.yml', '.env.example'].map((file) => readFile(join(ROOT, file), 'utf8')),
  );
  const taken = new Set([...(composed ?? '').matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name]) => name));
  // The one that is a build argument, and so stands there by its name alone.
  taken.add('NODE_IMAGE');
  const shown = [...(example ?? '').matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(shown.sort()).toEqual([...taken].sort());
});

it('lets every body through the gateway that ingest may be set to take, and tells where it ends', async () => {
  const gateway = await readFile(join(ROOT, 'deploy/gateway/nginx.conf'), 'utf8');
  const [, limit] = /client_max_body_size (\d+)m;/.exec(gateway) ?? [];
  // So that ingest itself tells the limit that it has, of an event that is a little larger, too.
  expect(settings.MAX_BODY_BYTES.safeParse(`${limit}MiB`).success).toBe(false);
  expect(settings.MAX_BODY_BYTES.safeParse(`${Number(limit) - 1}MiB`).success).toBe(true);
  expect(gateway).toContain(`'The gateway takes at most ${limit} MiB.'`);
});
