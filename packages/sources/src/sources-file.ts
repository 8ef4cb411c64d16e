import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { PlainError } from '@sluice/contracts/plain-error';
import { DEFAULT_SOURCES_FILE, type Source, sourcesFileSchema } from '@sluice/contracts/source';
import { isExactNumber } from '@sluice/normalizer/exact-number';
import type { RoundedNumbers } from '@sluice/normalizer/rounded-number';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { DeclarationProblem } from './check-mapping.ts';
import { checkSource } from './check-source.ts';
import { explainIssues } from './explain-issues.ts';
import { readAt } from './known-keys.ts';

/** One thing that is wrong in a sources file; `path` is like `sources[0].scheme`, `line` counts from 1. */
export type SourcesProblem = { readonly line: number; readonly path: string; readonly detail: string };

/** Thrown when a sources file is wrong; names every problem with its line, and never a secret. */
export class SourcesFileError extends PlainError {
  override readonly name = 'SourcesFileError';
  readonly problems: readonly SourcesProblem[];

  constructor(file: string, problems: readonly SourcesProblem[]) {
    const lines = problems.map(
      ({ line, path, detail }) => `  ${file}:${line} ${path === '' ? '' : `${path}: `}${detail}`,
    );
    super(
      `The sources file is wrong in ${problems.length === 1 ? 'one place' : `${problems.length} places`}:\n${lines.join('\n')}`,
    );
    this.problems = problems;
  }
}

/**
 * Reads the sources that a file declares. The default file may be missing: then there are none.
 *
 * @throws SourcesFileError when it is wrong, or missing although it was asked for
 */
export async function loadSourcesFile(path: string): Promise<readonly Source[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' && path === DEFAULT_SOURCES_FILE) return [];
    const detail =
      code === 'ENOENT' ? 'there is no such file; check SOURCES_FILE' : `it cannot be read (${code})`;
    throw new SourcesFileError(path, [{ line: 1, path: '', detail }]);
  }
  if (!isUtf8(bytes)) {
    throw new SourcesFileError(path, [
      { line: findOtherLine(bytes), path: '', detail: 'the file is not UTF-8; save it as UTF-8' },
    ]);
  }
  return parseSourcesFile(bytes.toString('utf8'), path);
}

/** Finds the line of the first bytes that are no UTF-8: in UTF-8 no other character holds the byte of a line's end. */
function findOtherLine(bytes: Buffer): number {
  for (let line = 1, from = 0; ; line += 1) {
    const end = bytes.indexOf('\n', from);
    if (end < 0 || !isUtf8(bytes.subarray(from, end))) return line;
    from = end + 1;
  }
}

/**
 * Parses a sources file (YAML); an empty one declares no source. `file` names it in errors.
 *
 * @throws SourcesFileError with every problem at once
 */
export function parseSourcesFile(text: string, file: string = DEFAULT_SOURCES_FILE): readonly Source[] {
  const lines = new LineCounter();
  // Without pretty errors: those quote the line, and the line may hold a secret.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  if (document.errors.length > 0) {
    throw new SourcesFileError(
      file,
      document.errors.map((error) => ({
        line: lines.linePos(error.pos[0]).line,
        path: '',
        detail: `not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
      })),
    );
  }
  const locate = (path: Path) => lines.linePos(findOffset(document, path)).line;
  const content = toPlain(document, file);
  if (content === null) return [];
  const parsed = sourcesFileSchema.safeParse(content);
  const rounded = findRounded(document);
  const problems = parsed.success
    ? parsed.data.sources.flatMap((source, index) =>
        checkSource(source, rounded).map(({ path, detail }) => ({
          path: ['sources', index, ...path],
          detail,
        })),
      )
    : explainIssues(sourcesFileSchema, parsed.error.issues, content);
  problems.push(...findRepeatedIds(content, locate));
  if (!parsed.success || problems.length > 0) {
    throw new SourcesFileError(
      file,
      problems
        .map(({ path, detail }) => ({ line: locate(path), path: toText(path), detail }))
        .sort((left, right) => left.line - right.line),
    );
  }
  return parsed.data.sources;
}

type Path = readonly PropertyKey[];

/** Turns the document into plain values; a document of aliases that would grow without bound is refused. */
function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch {
    throw new SourcesFileError(file, [{ line: 1, path: '', detail: 'too many aliases' }]);
  }
}

/** Finds the numbers that are others than were written. */
function findRounded(document: Document): RoundedNumbers {
  const rounded = new Map<number, null>();
  visit(document, {
    Scalar(_key, { value, source }) {
      if (typeof value === 'number' && source !== undefined && !isKept(value, source))
        rounded.set(value, null);
    },
  });
  return rounded;
}

function isKept(value: number, written: string): boolean {
  return /^0[xo]/.test(written) ? Number.isSafeInteger(value) : isExactNumber(written);
}

function findRepeatedIds(content: unknown, locate: (path: Path) => number): DeclarationProblem[] {
  const sources = readAt(content, ['sources']);
  if (!Array.isArray(sources)) return [];
  const first = new Map<string, number>();
  return sources.flatMap((_source: unknown, index): DeclarationProblem[] => {
    const id = readAt(content, ['sources', index, 'id']);
    if (typeof id !== 'string') return [];
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, index);
      return [];
    }
    const line = locate(['sources', earlier, 'id']);
    return [{ path: ['sources', index, 'id'], detail: `${id} is declared in line ${line} already` }];
  });
}

/** Returns the offset of the deepest part of a path that is in the document: of its key where it has one. */
function findOffset(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const last = path[length - 1];
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last);
      if (isNode(pair?.key) && pair.key.range) return pair.key.range[0];
    } else {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
  }
  return document.contents?.range?.[0] ?? 0;
}

function toText(path: Path): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}
