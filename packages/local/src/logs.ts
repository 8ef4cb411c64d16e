import { rename, rm } from 'node:fs/promises';

/** How many earlier logs are kept beside the present one, as `<file>.1` (the latest) and so on. */
const KEPT_LOGS = 3;

/** Moves the log of the last start out of the way, keeping three. */
export async function rotateLog(file: string): Promise<void> {
  await rm(`${file}.${KEPT_LOGS}`, { force: true });
  for (let n = KEPT_LOGS; n >= 1; n -= 1) {
    await moveIfThere(n === 1 ? file : `${file}.${n - 1}`, `${file}.${n}`);
  }
}

async function moveIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

/**
 * Finds the line of a log that says best why a program ended: the last one that is marked as an error or a
 * warning, else the last one. Understands the JSON lines of mongod and pino, the lines of Redis, and an
 * uncaught error of Node; with the list that belongs to it, if it ends with a colon. Returns undefined for an empty log.
 */
export function findTellingLine(log: string): string | undefined {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const read = lines.map(readLine);
  const found = read.findLastIndex((line) => line.isError);
  if (found === -1) return read.findLast((line) => line.text !== '')?.text;
  const text = read[found]?.text ?? '';
  return text.endsWith(':') ? [text, ...takeIndented(lines.slice(found + 1))].join('\n') : text;
}

/** The list below a sentence that ends with a colon. */
function takeIndented(lines: readonly string[]): readonly string[] {
  const end = lines.findIndex((line) => !line.startsWith('  '));
  return end === -1 ? lines : lines.slice(0, end);
}

type ReadLine = { readonly text: string; readonly isError: boolean };

const REDIS_LINE = /^\d+:\w \d+ \w+ \d+ [\d:.]+ (?<level>[#*.-]) (?<text>.*)$/;
/** What an app says in plain words before it ends: `worker: Port 3010 is taken ...`. */
const PLAIN_SENTENCE = /^[a-z]+: ./;
const NODE_ERROR = /^(?:Uncaught )?\w*Error(?: \[\w+\])?: ./;

function readLine(line: string): ReadLine {
  if (line.startsWith('{')) {
    const json = parseObject(line);
    if (json !== undefined) return readJsonLine(json);
  }
  const redis = REDIS_LINE.exec(line)?.groups;
  if (redis !== undefined) return { text: redis['text'] ?? '', isError: redis['level'] === '#' };
  if (NODE_ERROR.test(line) || PLAIN_SENTENCE.test(line)) return { text: line, isError: true };
  return { text: isNodeNoise(line) ? '' : line.trim(), isError: false };
}

function readJsonLine(json: Readonly<Record<string, unknown>>): ReadLine {
  const severity = json['s'];
  if (typeof severity === 'string') {
    const attr = json['attr'];
    const detail = isObject(attr) ? attr['error'] : undefined;
    const text = isObject(detail) ? detail['errmsg'] : detail;
    const msg = String(json['msg'] ?? '');
    return {
      text: typeof text === 'string' ? `${msg}: ${text}` : msg,
      isError: severity === 'F' || severity === 'E',
    };
  }
  const level = json['level'];
  const isError = level === 'error' || level === 'fatal' || (typeof level === 'number' && level >= 50);
  const cause = json['err'];
  const message = isObject(cause) && typeof cause['message'] === 'string' ? cause['message'] : undefined;
  const msg = String(json['msg'] ?? '');
  return { text: message === undefined || msg.includes(message) ? msg : `${msg}: ${message}`, isError };
}

function isNodeNoise(line: string): boolean {
  return /^\s+at |^Node\.js v\d|^[}\]\s^~]+$/.test(line);
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
