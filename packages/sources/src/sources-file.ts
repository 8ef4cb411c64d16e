import { readFile } from 'node:fs/promises';
import { findNear } from '@sluice/contracts/near';
import { PlainError } from '@sluice/contracts/plain-error';
import {
  DEFAULT_SOURCES_FILE,
  pollSourceSchema,
  pushSourceSchema,
  type Source,
  sourcesFileSchema,
} from '@sluice/contracts/source';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

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
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' && path === DEFAULT_SOURCES_FILE) return [];
    const detail =
      code === 'ENOENT' ? 'there is no such file; check SOURCES_FILE' : `it cannot be read (${code})`;
    throw new SourcesFileError(path, [{ line: 1, path: '', detail }]);
  }
  return parseSourcesFile(text, path);
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
  const problems = parsed.success
    ? parsed.data.sources.flatMap(checkSource)
    : parsed.error.issues.flatMap((issue) => toProblems(issue, content));
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
type Problem = { readonly path: Path; readonly detail: string };

/** Turns the document into plain values; a document of aliases that would grow without bound is refused. */
function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch {
    throw new SourcesFileError(file, [{ line: 1, path: '', detail: 'too many aliases' }]);
  }
}

function toProblems(issue: z.core.$ZodIssue, content: unknown): Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = listKnownKeys(path, content);
    return issue.keys.map((key) => {
      const meant = findNear(key, known) ?? known.find((name) => name.toLowerCase() === key.toLowerCase());
      const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
      return { path: [...path, key], detail: `unknown; ${hint}` };
    });
  }
  if (issue.code === 'invalid_union') {
    if (path.includes('secrets')) return explainSecret(issue, path, content);
    const detail = path.at(-1) === 'kind' ? 'expected push or poll' : lowerFirst(issue.message);
    return [{ path, detail }];
  }
  const missing = issue.code === 'invalid_type' && readAt(content, path) === undefined;
  return [{ path, detail: missing ? `missing; ${lowerFirst(issue.message)}` : lowerFirst(issue.message) }];
}

/** Explains a secret by the form that was meant: the one whose field is there. */
function explainSecret(issue: z.core.$ZodIssueInvalidUnion, path: Path, content: unknown): Problem[] {
  const given = readAt(content, path);
  const isObject = typeof given === 'object' && given !== null;
  const hasValue = isObject && 'value' in given;
  const hasEnv = isObject && 'env' in given;
  if (hasValue === hasEnv) {
    return [
      { path, detail: 'expected either value or env (the name of a variable), and expiresAt where it ends' },
    ];
  }
  const issues = issue.errors[hasValue ? 0 : 1] ?? [];
  return issues.flatMap((inner) => toProblems({ ...inner, path: [...path, ...inner.path] }, content));
}

function listKnownKeys(path: Path, content: unknown): string[] {
  const place = path.findLast((segment) => typeof segment === 'string');
  if (place === undefined) return ['sources'];
  if (place === 'cursor') return Object.keys(pollSourceSchema.shape.cursor.shape);
  if (place === 'secrets') return ['value', 'env', 'expiresAt'];
  const isPoll = readAt(content, [...path, 'kind']) === 'poll';
  return Object.keys(isPoll ? pollSourceSchema.shape : pushSourceSchema.shape);
}

/** Checks what a schema cannot say: whether scheme and secrets fit. */
function checkSource(source: Source, index: number): Problem[] {
  if (source.kind === 'poll') return [];
  const path = ['sources', index, 'secrets'];
  if (source.scheme === 'none' && source.secrets.length > 0) {
    return [{ path, detail: 'secrets without a scheme check nothing; name the scheme, or leave them out' }];
  }
  if (source.scheme !== 'none' && source.secrets.length === 0) {
    return [{ path, detail: `scheme ${source.scheme} needs a secret; without one every request is refused` }];
  }
  return [];
}

function findRepeatedIds(content: unknown, locate: (path: Path) => number): Problem[] {
  const sources = readAt(content, ['sources']);
  if (!Array.isArray(sources)) return [];
  const first = new Map<string, number>();
  return sources.flatMap((_source: unknown, index): Problem[] => {
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

function readAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
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

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
