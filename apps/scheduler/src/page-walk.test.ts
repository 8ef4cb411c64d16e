import { FIRST_CHECKPOINT, type PollCheckpoint } from '@sluice/contracts/poll';
import type { Cursor, Step } from '@sluice/sources/poll/cursor-kind';
import { AnswerError } from '@sluice/sources/poll/formats/item';
import { EMPTY_PAGE } from '@sluice/sources/poll/records';
import { describe, expect, test } from 'vitest';
import type { Answer } from './page-reader.ts';
import { walkPages } from './page-walk.ts';

const page: Answer = {
  ...{ kind: 'page', page: EMPTY_PAGE, link: undefined, waitMs: null, dateMs: null, requestedAtMs: 0 },
};
const refuse = (status: number): Answer => ({ kind: 'refused', status, waitMs: null });
const toCheckpoint = (at: number): PollCheckpoint => ({ kind: 'id', point: String(at), run: null });

/** A cursor that counts pages up and is done after `last`. */
function toCursor(last: number, more: Partial<Cursor> = {}): Cursor {
  const read = (checkpoint: PollCheckpoint) => (checkpoint.kind === 'id' ? Number(checkpoint.point) : 0);
  const advance = (checkpoint: PollCheckpoint): Step => {
    const next = read(checkpoint) + 1;
    return { checkpoint: toCheckpoint(next), done: next >= last };
  };
  return {
    toUrl: (checkpoint) => new URL(`http://erp.test/${read(checkpoint)}`),
    toProbe: () => null,
    advance,
    restart: () => toCheckpoint(0),
    describe: () => null,
    ...more,
  };
}

/** Walks, and tells how that ended and what was saved. */
async function walk(
  cursor: Cursor,
  {
    answer = () => page,
    end = null,
    findEnd = () => end,
    isSaved = true,
  }: {
    answer?: (url: URL) => Answer;
    end?: string | null;
    findEnd?: () => string | null;
    isSaved?: boolean;
  } = {},
) {
  const saved: PollCheckpoint[] = [];
  const problems: string[] = [];
  const ended = walkPages<string>(
    {
      cursor,
      read: async (url) => answer(url),
      async save(checkpoint) {
        if (isSaved) saved.push(checkpoint);
        return isSaved;
      },
      findEnd,
      addProblem: (detail) => void problems.push(detail),
    },
    FIRST_CHECKPOINT,
  );
  return { ended: await ended.catch((error: unknown) => error), saved, problems };
}

describe('a walk through pages', () => {
  test('is done with the last page, also when something else would have ended it there', async () => {
    expect(await walk(toCursor(3))).toMatchObject({ ended: 'done', saved: [1, 2, 3].map(toCheckpoint) });
    expect(await walk(toCursor(1), { end: 'paused' })).toMatchObject({ ended: 'done' });
  });

  test('ends between two pages for another reason', async () => {
    expect(await walk(toCursor(3), { end: 'paused' })).toMatchObject({
      ended: 'paused',
      saved: [toCheckpoint(1)],
    });
  });

  test('is lost when somebody else has saved', async () => {
    expect(await walk(toCursor(3), { isSaved: false })).toMatchObject({ ended: 'lost' });
  });

  test.each([
    ['again', 1],
    ['restart', 2],
  ] as const)('is partial when a look at another page says %s', async (verdict, count) => {
    const toProbe = () => ({ url: new URL('http://erp.test/'), judge: () => verdict });
    const { ended, problems } = await walk(toCursor(3, { toProbe }));
    expect([ended, problems.length]).toEqual(['partial', count]);
  });

  test('follows what a look at another page makes of it', async () => {
    const step = { checkpoint: toCheckpoint(9), done: true };
    const toProbe = () => ({ url: new URL('http://erp.test/'), judge: () => step });
    expect(await walk(toCursor(3, { toProbe }))).toMatchObject({ ended: 'done', saved: [step.checkpoint] });
    const asked: string[] = [];
    const first = { url: new URL('http://erp.test/first'), judge: toProbe };
    const answer = ({ pathname }: URL) => {
      asked.push(pathname);
      return page;
    };
    await walk(toCursor(3, { toProbe: () => first }), { answer });
    expect(asked).toEqual(['/0', '/first', '/']);
  });

  test('ends before it looks at another page, but for the first page: no run would get any further', async () => {
    const asked: string[] = [];
    const answer = ({ pathname }: URL) => {
      asked.push(pathname);
      return page;
    };
    const toProbe = () => ({ url: new URL('http://erp.test/look'), judge: () => 'ok' as const });
    const findEnd = () => (asked.length < 3 ? null : 'waiting');
    expect(await walk(toCursor(3, { toProbe }), { answer, findEnd })).toMatchObject({
      ended: 'waiting',
      saved: [toCheckpoint(1)],
    });
    expect(asked).toEqual(['/0', '/look', '/1']);
    expect(await walk(toCursor(3, { toProbe }), { answer, findEnd })).toMatchObject({
      ended: 'waiting',
      saved: [toCheckpoint(1)],
    });
    expect(asked.slice(3)).toEqual(['/0', '/look']);
  });

  test('ends with the reason that its cursor has for a request that was wrong', async () => {
    const error = new AnswerError('Stuck.');
    const toRefused = () => ({ checkpoint: toCheckpoint(7), error });
    const cursor = toCursor(3, { toRefused });
    expect(await walk(cursor, { answer: () => refuse(400) })).toMatchObject({
      ended: error,
      saved: [toCheckpoint(7)],
    });
    const ended = { message: 'The source answered 500.' };
    expect(await walk(cursor, { answer: () => refuse(500) })).toMatchObject({ ended, saved: [] });
  });
});
