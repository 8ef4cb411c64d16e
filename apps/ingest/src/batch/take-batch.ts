/**
 * Takes a batch while it arrives.
 *
 *  1. Chunks are cut into items; each is checked, gets its identity and joins the group commit at once. At most 512 items
 *     and 2 MiB are under way, then nothing more is read: the connection holds the sender back.
 *  2. An item that cannot be taken is answered by its code, and the others go on.
 *  3. A batch that breaks off (a JSON array that is not valid from some place on, too many bytes or items, a sender too
 *     slow) keeps what came before. The last result says why, and stands for all that would have followed.
 *  4. Once a store has refused, or the time of the batch is up, the items behind are answered 503 without being tried: one
 *     deadline for all.
 *  5. Every item that was tried is settled before the batch is answered.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Problem, ProblemException } from '@sluice/contracts/errors';
import type { AcceptedEvent } from '@sluice/contracts/event';
import type { Kept } from '@sluice/protocol/group-commit';
import { toProblem } from '@sluice/runtime/problems';
import { createResults, type Results } from './results.ts';
import type { Piece, Splitter } from './splitter.ts';
import { createWindow } from './window.ts';

/** The most items of one batch. */
const MAX_ITEMS = 50_000;

/** Two full jobs under way and one forming, with some more at hand. */
const MAX_UNDER_WAY = { maxItems: 512, maxBytes: 2 * 1024 * 1024 };

/** After so many items the event loop gets its turn, whatever they were. */
const ITEMS_A_TURN = 64;

/** An item that was not taken; its bytes are empty where they are not at hand. */
export type RefusedItem = { readonly problem: Problem; readonly error: unknown; readonly bytes: Buffer };

export type Batch = {
  readonly requestId: string;
  readonly chunks: AsyncIterable<Buffer>;
  readonly splitter: Splitter;
  /** Whether an item that is not valid JSON makes the place of those behind it unknown. */
  readonly breaksAtBadJson: boolean;
  /** Checks and identifies an item. @throws ProblemException */
  readonly identify: (bytes: Buffer, index: number) => AcceptedEvent;
  readonly submit: (event: AcceptedEvent) => Promise<Kept>;
  /** Tells whether the time in which items are tried is up. */
  readonly isLate: () => boolean;
  /** Told of every item that is not taken. */
  readonly onRefused: (refused: RefusedItem) => void;
};

export type Taken = {
  readonly results: Results;
  /** Why items were refused: one error for each code. */
  readonly errors: ReadonlyMap<string, unknown>;
  /** Why not even the first item could be read; told to nobody else. */
  readonly unreadable: ProblemException | undefined;
};

const NOTHING = Buffer.alloc(0);

/** Takes a batch and tells what became of each item, in their order. Refusals are results, not errors. */
export async function takeBatch(batch: Batch): Promise<Taken> {
  const { requestId, splitter, breaksAtBadJson, identify, submit, isLate, onRefused } = batch;
  const window = createWindow(MAX_UNDER_WAY);
  const results = createResults();
  const errors = new Map<string, unknown>();
  let next = 0;
  let away: ProblemException | undefined;
  let unreadable: ProblemException | undefined;

  for await (const piece of toPieces(batch.chunks, splitter)) {
    const index = next;
    next += 1;
    if (away === undefined && isLate()) away = toTooLate();
    if (index === MAX_ITEMS) {
      refuse(
        index,
        toBreak(new ProblemException('ERR_BODY_TOO_LARGE', `A batch may hold ${MAX_ITEMS} events.`)),
      );
      break;
    }
    if (piece.kind === 'break' && index === 0) unreadable = piece.problem;
    else if (piece.kind === 'break') refuse(index, toBreak(piece.problem));
    else if (piece.kind === 'refused') refuse(index, piece.problem);
    else if (away !== undefined) refuse(index, away);
    else if (!take(index, piece)) break;
    if (next % ITEMS_A_TURN === 0) await nextTurn();
    await window.whenRoom();
  }
  await window.whenEmpty();
  return { results, errors, unreadable };

  /** Returns false where the batch breaks. */
  function take(index: number, { bytes, offset }: Extract<Piece, { kind: 'item' }>): boolean {
    let event: AcceptedEvent;
    try {
      event = identify(bytes, index);
    } catch (error) {
      const breaks =
        breaksAtBadJson && error instanceof ProblemException && error.code === 'ERR_JSON_INVALID';
      refuse(index, breaks ? toBadJson(offset, error) : error, bytes);
      return !breaks;
    }
    window.enter(bytes.length);
    submit(event)
      .then(
        (kept) => results.keep(index, kept),
        (error: unknown) => {
          if (error instanceof ProblemException && error.code === 'ERR_UNAVAILABLE') away = error;
          refuse(index, error, bytes);
        },
      )
      .finally(() => window.leave(bytes.length));
    return true;
  }

  function refuse(index: number, error: unknown, bytes: Buffer = NOTHING): void {
    const { problem } = toProblem(error, requestId);
    results.refuse(index, problem);
    errors.set(problem.code, error);
    onRefused({ problem, error, bytes });
  }
}

async function* toPieces(chunks: AsyncIterable<Buffer>, splitter: Splitter): AsyncGenerator<Piece> {
  try {
    for await (const chunk of chunks) yield* splitter.push(chunk);
    yield* splitter.end();
  } catch (error) {
    if (!(error instanceof ProblemException)) throw error;
    yield { kind: 'break', problem: error };
  }
}

function toTooLate(): ProblemException {
  const detail = 'The batch was not taken to its end in time: send what is left of it again.';
  return new ProblemException('ERR_UNAVAILABLE', detail, { retryAfterSeconds: 2 });
}

function toBreak({ code, message }: ProblemException): ProblemException {
  return new ProblemException(code, `${message} Nothing from here on was taken.`);
}

function toBadJson(offset: number, cause: ProblemException): ProblemException {
  return toBreak(
    new ProblemException(
      'ERR_JSON_INVALID',
      `The array breaks off in the item at byte ${offset}: ${cause.message}`,
    ),
  );
}
