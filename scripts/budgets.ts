/*
 * `npm run budgets`: how much a browser has to load for the dashboard, compressed, against what it may be.
 *
 * 1. The dashboard is built, unless its build is newer than its sources.
 * 2. The build's manifest tells which file needs which: the first page is the entry and the overview with all that they
 *    need, a part is what opening another page adds to that.
 * 3. One table is printed; a part over its budget fails.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildDashboard } from '@sluice/local/dashboard-build';
import { z } from 'zod';

/** In kB of 1,000 bytes, gzip. */
const BUDGETS = { script: 235, style: 25, fonts: 80, editor: 130, part: 40 } as const;

const manifestSchema = z.record(
  z.string(),
  z.object({
    file: z.string(),
    src: z.string().optional(),
    isEntry: z.boolean().optional(),
    isDynamicEntry: z.boolean().optional(),
    imports: z.array(z.string()).default([]),
    css: z.array(z.string()).default([]),
    assets: z.array(z.string()).default([]),
  }),
);
type Manifest = z.infer<typeof manifestSchema>;

/** What a browser loads together, and how large it may be. */
type Row = { readonly name: string; readonly files: ReadonlySet<string>; readonly limit: number };

const root = resolve(import.meta.dirname, '..');
const folder = join(root, 'apps', 'dashboard', 'dist');
await buildDashboard(root, say);
const manifest = manifestSchema.parse(
  JSON.parse(await readFile(join(folder, '.vite', 'manifest.json'), 'utf8')),
);

let isOver = false;
for (const { name, files, limit } of toRows(manifest)) {
  const sizes = await Promise.all([...files].map(measure));
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0) / 1000;
  const verdict = size > limit ? 'TOO LARGE' : '';
  isOver ||= size > limit;
  say(
    `${name.padEnd(32)} ${size.toFixed(1).padStart(6)} kB of ${String(limit).padStart(3)}  ${verdict}`.trimEnd(),
  );
}
if (isOver) process.exitCode = 1;

function toRows(chunks: Manifest): readonly Row[] {
  const keys = Object.keys(chunks);
  const first = keys.filter((key) => chunks[key]?.isEntry === true || key.endsWith('/overview.tsx'));
  const initial = new Set(first.flatMap((key) => [...closeOver(chunks, key)]));
  const fonts = keys.flatMap((key) => chunks[key]?.assets ?? []).filter((file) => file.endsWith('.woff2'));
  const parts = keys
    .filter((key) => chunks[key]?.isDynamicEntry === true && !initial.has(key))
    .map((key): Row => {
      const added = [...closeOver(chunks, key)].filter((one) => !initial.has(one));
      const limit = key.includes('editor') ? BUDGETS.editor : BUDGETS.part;
      return { name: key.replace(/^src\//, ''), files: toFiles(chunks, added, 'file'), limit };
    });
  return [
    { name: 'first page, script', files: toFiles(chunks, initial, 'file'), limit: BUDGETS.script },
    { name: 'first page, style', files: toFiles(chunks, initial, 'css'), limit: BUDGETS.style },
    { name: 'fonts', files: new Set(fonts), limit: BUDGETS.fonts },
    ...parts,
  ];
}

/** A chunk and all that must be loaded before it runs. */
function closeOver(chunks: Manifest, key: string, known = new Set<string>()): ReadonlySet<string> {
  if (known.has(key)) return known;
  known.add(key);
  for (const needed of chunks[key]?.imports ?? []) closeOver(chunks, needed, known);
  return known;
}

function toFiles(chunks: Manifest, keys: Iterable<string>, kind: 'file' | 'css'): ReadonlySet<string> {
  const files = [...keys].flatMap((key) => {
    const chunk = chunks[key];
    return chunk === undefined ? [] : kind === 'css' ? chunk.css : [chunk.file];
  });
  return new Set(files.filter((file) => kind === 'css' || file.endsWith('.js')));
}

async function measure(file: string): Promise<number> {
  const bytes = await readFile(join(folder, file));
  // A font is compressed already.
  return file.endsWith('.woff2') ? bytes.length : gzipSync(bytes).length;
}

function say(line: string): void {
  console.log(line);
}
