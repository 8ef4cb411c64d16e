import { setTimeout as pause } from 'node:timers/promises';
import type { AnswerCheck, SeenAnswer } from '../openapi/answer-check.ts';
import type { Answer, Book } from './book.ts';
import type { Cluster } from './cluster.ts';
import type { FaultApp } from './cluster-apps.ts';
import type { FaultRequest, RequestMaker } from './requests.ts';
import { createSender } from './sender.ts';

/** The senders of a run. */
export type Traffic = {
  readonly maker: RequestMaker;
  /** Sends a request, enters it in the book, and returns the answer; by default through an ingest in turn. */
  readonly send: (request: FaultRequest, ingest?: FaultApp) => Promise<Answer>;
  /** Sends `next()` over `connections` at full speed until it returns undefined or `signal` aborts. */
  readonly flood: (
    next: () => FaultRequest | undefined,
    connections: number,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Stops the steady stream and waits for the answers that are still to come. */
  readonly stop: () => Promise<void>;
};

const TICK_MS = 20;
/** Enough that no request waits for a connection, which would count as time of the answer. */
const CONNECTIONS = 1024;
const MAX_OPEN = 200;
const RESEND_SHARE = 0.5;

/** Starts a steady stream of `perSecond` requests, spread over the ingests; slow answers do not slow it. */
export function startTraffic(options: {
  readonly cluster: Pick<Cluster, 'ingests' | 'away'>;
  readonly maker: RequestMaker;
  readonly book: Book;
  /** Whether an answer is as documented. */
  readonly check: AnswerCheck;
  readonly perSecond: number;
  /** Returns a number from 0 up to 1. */
  readonly fraction: () => number;
}): Traffic {
  const { cluster, maker, book, check, perSecond, fraction } = options;
  const { away, ingests } = cluster;
  const onSeen = (seen: SeenAnswer): void => check(seen).forEach(book.complain);
  const senders = new Map(ingests.map((ingest) => [ingest, createSender(ingest.url, CONNECTIONS, onSeen)]));
  const open = new Map<FaultApp, Set<Promise<unknown>>>(ingests.map((ingest) => [ingest, new Set()]));
  let turn = 0;
  let owed = 0;
  let lastMs = performance.now();

  function pickIngest(): FaultApp {
    turn += 1;
    const ingest = ingests[turn % ingests.length];
    if (ingest === undefined) throw new TypeError('There is no ingest.');
    return ingest;
  }

  async function send(request: FaultRequest, ingest = pickIngest()): Promise<Answer> {
    const startMs = performance.now();
    book.sent(request.body);
    const answer = await (senders.get(ingest) ?? createSender(ingest.url, 1, onSeen)).send(request);
    book.answered(request.body, ingest.label, answer, away.wasAway(ingest.label, startMs));
    judge(request, answer);
    return answer;
  }

  /** A sender's mistake is refused as such, and nothing else is. */
  function judge({ expect, body }: FaultRequest, answer: Answer): void {
    const isMistake = answer.kind === 'refused' && answer.status < 500;
    if (answer.kind === 'ok' && expect === 'refused') {
      book.complain(`202 ${answer.id} for what must be refused: ${body.slice(0, 80)}`);
    }
    if (isMistake && expect === 'accepted') {
      book.complain(`${answer.status} ${answer.code} for a good event: ${body.slice(0, 80)}`);
    }
    if (answer.kind === 'refused' && answer.status === 500) {
      book.complain(`500 ${answer.code} for ${body.slice(0, 80)}`);
    }
  }

  function launch(request: FaultRequest): void {
    const ingest = pickIngest();
    const here = open.get(ingest);
    // One that is frozen must not use up what the other could answer.
    if (here === undefined || here.size >= MAX_OPEN) return;
    const sending = send(request, ingest).then((answer) => {
      here.delete(sending);
      const isOpen = answer.kind === 'unknown' || (answer.kind === 'refused' && answer.status === 503);
      if (isOpen && fraction() < RESEND_SHARE) maker.again(request);
    });
    here.add(sending);
  }

  function tick(): void {
    const nowMs = performance.now();
    owed = Math.min(owed + ((nowMs - lastMs) * perSecond) / 1000, perSecond);
    lastMs = nowMs;
    while (owed >= 1) {
      owed -= 1;
      const { twin, ...request } = maker.next();
      launch(request);
      if (twin !== undefined) launch(twin);
    }
  }

  const timer = setInterval(tick, TICK_MS);
  return {
    maker,
    send,
    flood: async (next, connections, signal) => {
      const run = async (): Promise<void> => {
        for (let request = next(); request !== undefined && !signal.aborted; request = next()) {
          const { kind } = await send(request);
          if (kind === 'unknown') await pause(TICK_MS);
        }
      };
      await Promise.all(Array.from({ length: connections }, run));
    },
    stop: async () => {
      clearInterval(timer);
      await Promise.all([...open.values()].flatMap((sending) => [...sending]));
      for (const sender of senders.values()) sender.close();
    },
  };
}
