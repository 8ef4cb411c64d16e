/*
 * Vitest's set-up of every file of the end-to-end tests: no answer goes unchecked.
 *
 *  1. It stands between the tests and `fetch`, before a test file is loaded.
 *  2. `startTestStack` names the addresses of its apps and their description.
 *  3. Every answer from there is checked as it comes in; what is wrong is kept, because a test may well ask again.
 *  4. After each test that test fails with what was found meanwhile; what came later fails the file.
 */
import { afterAll, afterEach } from 'vitest';
import { type AnswerCheck, createAnswerCheck, type SeenAnswer } from './answer-check.ts';
import { readDocument } from './document.ts';

/** The checks by the origin that they are for. */
const watched = new Map<string, AnswerCheck>();
const found: string[] = [];

const plainFetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const response = await plainFetch(input, init);
  const isRequest = input instanceof Request;
  const url = new URL(response.redirected ? response.url : isRequest ? input.url : input);
  if (!watched.has(url.origin)) return response;
  const method = init?.method ?? (isRequest ? input.method : 'GET');
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const body = isStream ? null : await response.clone().text();
  noteAnswer(url, {
    method: response.redirected ? 'GET' : method,
    pathname: url.pathname,
    status: response.status,
    headers: response.headers,
    body,
  });
  return response;
};

afterEach(assertAnswers);
afterAll(assertAnswers);

/** Checks all answers of these addresses from now on against what the api there says of itself. */
export async function watchAnswers(apiUrl: string, ...others: readonly string[]): Promise<void> {
  const check = createAnswerCheck(await readDocument(apiUrl));
  for (const url of [apiUrl, ...others]) watched.set(new URL(url).origin, check);
}

/** Checks an answer that came by another way than `fetch`, if it is of an address that is watched. */
export function noteAnswer({ origin }: URL, answer: SeenAnswer): void {
  found.push(...(watched.get(origin)?.(answer) ?? []));
}

/** Returns what was found so far, and forgets it. */
export function takeFindings(): readonly string[] {
  return found.splice(0);
}

function assertAnswers(): void {
  const wrong = takeFindings();
  if (wrong.length > 0) throw new Error(`Answers are not as documented:\n${wrong.join('\n')}`);
}
