import { createServer } from 'node:http';
import { listenForTest } from '@sluice/local/test-listen';
import { expect, it } from 'vitest';
import { takeFindings, watchAnswers } from './watch-answers.ts';

const DOCUMENT = {
  openapi: '3.1.0',
  paths: {
    '/things': {
      get: {
        operationId: 'listThings',
        responses: {
          200: { description: 'All.', content: { 'application/json': { schema: { type: 'array' } } } },
        },
      },
    },
  },
  components: { schemas: {} },
};

/** Starts an api that answers `body` to everything but a question for its description. */
async function startApi(body: unknown): Promise<string> {
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(url === '/openapi.json' ? DOCUMENT : body));
  });
  return listenForTest(server);
}

it('notes what is not as documented, and leaves the answer to the test', async () => {
  const url = await startApi({ n: 1 });
  await watchAnswers(url);
  const response = await fetch(`${url}/things`);
  expect(await response.json()).toEqual({ n: 1 });
  await fetch(new Request(`${url}/other?x=1`, { method: 'POST' }));
  expect(takeFindings()).toEqual([
    'GET /things (listThings) was answered 200 (no request id): the body is not as documented: / must be array',
    'POST /other (no operation) was answered 200 (no request id): no operation has this address',
  ]);
});

it('has nothing to say of what is as documented, nor of other addresses', async () => {
  const [url, other] = await Promise.all([startApi([1]), startApi({})]);
  await watchAnswers(url);
  await fetch(`${url}/things`);
  await fetch(`${other}/things`);
  expect(takeFindings()).toEqual([]);
});

it.fails('fails the test that got a wrong answer', async () => {
  const url = await startApi({});
  await watchAnswers(url);
  await fetch(`${url}/things`);
});
