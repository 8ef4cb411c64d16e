import type { ServerResponse } from 'node:http';
import type { Random } from '@sluice/local/random';
import type { LegacyPage } from './legacy-pages.ts';

/** What a request may come to, and how often in a thousand; else it is answered in order. */
const FAULTS = {
  error: 40,
  'rate-limit': 10,
  'wait-a-second': 4,
  refused: 4,
  'broken-off': 15,
  truncated: 20,
  unframed: 20,
  drip: 4,
  silence: 6,
  slow: 30,
  html: 12,
  oversized: 8,
  repeated: 30,
  'no-date': 40,
  'date-behind': 15,
  'date-ahead': 15,
  redirected: 6,
  gzip: 4,
} as const;
export type Fault = keyof typeof FAULTS;

const HOUR_MS = 3_600_000;
const DRIP_MS = 50;
const SLOW_MS = 300;
const OVERSIZED_BYTES = 1024 ** 3;

/** Chooses what a request comes to. */
export function pickFault(random: Random): Fault | 'none' {
  let rest = random.fraction() * 1000;
  for (const [fault, share] of Object.entries(FAULTS)) {
    rest -= share;
    if (rest < 0) return fault as Fault;
  }
  return 'none';
}

/** Answers in order, with a Date that is off by `dateOffMs` (null: without one). */
export function answerInOrder(
  response: ServerResponse,
  page: LegacyPage,
  dateOffMs: number | null = 0,
): void {
  response.sendDate = false;
  if (dateOffMs !== null) response.setHeader('date', new Date(Date.now() + dateOffMs).toUTCString());
  if (page.next !== undefined) response.setHeader('link', `</other>; rel="prev", <${page.next}>; rel="next"`);
  response.setHeader('content-type', page.type).end(page.body);
}

type Answering = {
  readonly page: LegacyPage;
  /** What an earlier request of the same run was answered. */
  readonly before: LegacyPage | undefined;
  readonly random: Random;
};

/** Answers with a fault. */
export function answerWithFault(fault: Fault, response: ServerResponse, answering: Answering): void {
  ANSWERS[fault](response, answering);
}

const ANSWERS: Record<Fault, (response: ServerResponse, answering: Answering) => void> = {
  error: (response, { random }) => response.writeHead(random.pick([500, 502, 503, 504])).end('oops'),
  'rate-limit': (response) => response.writeHead(429).end(),
  'wait-a-second': (response, { random }) =>
    response.writeHead(random.pick([429, 503]), { 'retry-after': '1' }).end(),
  refused: (response, { random }) => response.writeHead(random.pick([400, 401, 404])).end(),
  'broken-off': (response) => response.destroy(),
  truncated(response, { page, random }) {
    const headers = { 'content-length': Buffer.byteLength(page.body) };
    response.writeHead(200, headers).write(cut(page, random), () => response.destroy());
  },
  unframed(response, { page, random }) {
    // The end of the connection is all that tells where it ends; at the end of a line nobody could know.
    response.useChunkedEncodingByDefault = false;
    response.removeHeader('transfer-encoding');
    response.writeHead(200, { 'content-type': page.type, connection: 'close' });
    response.end(trimEnds(cut(page, random)));
  },
  drip: (response, { page }) => drip(response, Buffer.from(page.body)),
  silence: () => {},
  slow: (response, { page }) => void setTimeout(() => answerInOrder(response, page), SLOW_MS),
  html: (response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>\nBack soon\n</html>\n'),
  oversized: (response) => response.writeHead(200, { 'content-length': OVERSIZED_BYTES }).write(' '),
  repeated: (response, { page, before }) => answerInOrder(response, before ?? page),
  'no-date': (response, { page }) => answerInOrder(response, page, null),
  'date-behind': (response, { page }) => answerInOrder(response, page, -HOUR_MS),
  'date-ahead': (response, { page }) => answerInOrder(response, page, HOUR_MS),
  redirected: (response) =>
    response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
  gzip: (response, { page }) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(page.body),
};

/** Cuts an answer anywhere before its end. */
function cut(page: LegacyPage, random: Random): Buffer {
  const bytes = Buffer.from(page.body);
  return bytes.subarray(0, random.whole(0, Math.max(0, bytes.length - 1)));
}

function trimEnds(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end -= 1;
  return bytes.subarray(0, end);
}

function drip(response: ServerResponse, bytes: Buffer): void {
  let sent = 0;
  response.writeHead(200, { 'content-length': bytes.length });
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + 1));
    sent += 1;
    if (sent >= bytes.length) response.end();
  }, DRIP_MS);
  response.once('close', () => clearInterval(timer));
}
