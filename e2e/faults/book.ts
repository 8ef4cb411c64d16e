import { createAnswerTimes } from './answer-times.ts';
import { type Print, toBodyPrint, toIdPrint } from './print.ts';

/** What became of a request, as its sender sees it. */
export type Answer =
  | { readonly kind: 'ok'; readonly id: string; readonly isDuplicate: boolean; readonly ms: number }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string; readonly ms: number }
  /** No answer, or cut in the middle. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly ms: number };

/** An answer that came too late, or never, from a process that was not harmed. */
export type LateAnswer = {
  readonly at: string;
  readonly ingest: string;
  readonly ms: number;
  readonly what: string;
};

/** What was sent and how it was answered. */
export type Book = {
  readonly sent: (body: string) => void;
  readonly answered: (body: string, ingest: string, answer: Answer, wasAway: boolean) => void;
  /** Notes an answer that no promise allows, such as 202 to a wrong signature. */
  readonly complain: (what: string) => void;
  readonly read: () => BookReading;
};

/** The book at the end of a run. */
export type BookReading = {
  /** Whether a body with this print was ever sent, and not refused each time as the sender's mistake. */
  readonly mayBeStored: (body: Print) => boolean;
  /** The bodies that were answered 202, by the id they were answered with. */
  readonly accepted: ReadonlyMap<Print, Print | readonly Print[]>;
  readonly sentCount: number;
  readonly okCount: number;
  readonly duplicateCount: number;
  readonly refusedByCode: ReadonlyMap<string, number>;
  readonly unknownByReason: ReadonlyMap<string, number>;
  readonly times: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  readonly late: readonly LateAnswer[];
  readonly complaints: readonly string[];
};

/** The promise: every answer within 3 s. */
export const ANSWER_WITHIN_MS = 3000;

const MAX_KEPT = 100;

/** Opens an empty book. */
export function createBook(): Book {
  /** By the print of a body: whether an answer, or none, left it open that it is stored. */
  const bodies = new Map<Print, boolean>();
  const accepted = new Map<Print, Print | readonly Print[]>();
  const refusedByCode = new Map<string, number>();
  const unknownByReason = new Map<string, number>();
  const times = createAnswerTimes();
  const late: LateAnswer[] = [];
  const complaints: string[] = [];
  const counts = { sent: 0, ok: 0, duplicate: 0 };

  function accept(id: Print, body: Print): void {
    const known = accepted.get(id);
    if (known === undefined) accepted.set(id, body);
    else if (typeof known !== 'number') {
      if (!known.includes(body)) accepted.set(id, [...known, body]);
    } else if (known !== body) accepted.set(id, [known, body]);
  }

  function noteTime(ingest: string, answer: Answer, wasAway: boolean): void {
    if (wasAway) return;
    if (answer.kind !== 'unknown') times.add(answer.ms);
    if (answer.ms <= ANSWER_WITHIN_MS || late.length >= MAX_KEPT) return;
    const what = answer.kind === 'unknown' ? answer.reason : answer.kind;
    late.push({ at: new Date().toISOString(), ingest, ms: Math.round(answer.ms), what });
  }

  return {
    sent: (body) => {
      counts.sent += 1;
      const print = toBodyPrint(body);
      if (!bodies.has(print)) bodies.set(print, false);
    },
    answered: (body, ingest, answer, wasAway) => {
      noteTime(ingest, answer, wasAway);
      const print = toBodyPrint(body);
      if (answer.kind !== 'refused' || answer.status >= 500) bodies.set(print, true);
      switch (answer.kind) {
        case 'ok':
          counts.ok += 1;
          if (answer.isDuplicate) counts.duplicate += 1;
          accept(toIdPrint(answer.id), print);
          return;
        case 'refused':
          increment(refusedByCode, `${answer.status} ${answer.code}`);
          return;
        case 'unknown':
          increment(unknownByReason, answer.reason);
      }
    },
    complain: (what) => {
      if (complaints.length < MAX_KEPT) complaints.push(what);
    },
    read: () => ({
      mayBeStored: (body) => bodies.get(body) === true,
      accepted,
      sentCount: counts.sent,
      okCount: counts.ok,
      duplicateCount: counts.duplicate,
      refusedByCode,
      unknownByReason,
      times: { p50Ms: times.percentile(50), p99Ms: times.percentile(99), maxMs: Math.round(times.maxMs()) },
      late,
      complaints,
    }),
  };
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
