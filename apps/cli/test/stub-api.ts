import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenForTest } from '@sluice/local/test-listen';

/** An answer, and the headers that go with it; a string is sent as it is. */
export type StubAnswer = {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** A request as it came. */
export type StubRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

/**
 * Starts a server that answers as an api might which a test cannot bring about; it ends with the test. `keep` (default)
 * keeps every request.
 */
export async function startStubApi(
  answer: (request: StubRequest, count: number) => StubAnswer,
  { keep = true }: { readonly keep?: boolean } = {},
): Promise<{ readonly url: string; readonly requests: readonly StubRequest[] }> {
  const requests: StubRequest[] = [];
  let count = 0;

  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const got = { method, url, headers, body: await text(request) };
    if (keep) requests.push(got);
    count += 1;
    const { status, body, headers: sent } = answer(got, count);
    response.writeHead(status, { 'content-type': 'application/json', ...sent });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  const server = createServer((request, response) => {
    reply(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  return { url: await listenForTest(server), requests };
}

/** Makes the body of a problem. */
export function toProblem(status: number, code: string, detail: string) {
  return { type: `/docs/errors#${code}`, title: detail, status, code, detail, instance: 'req_1' };
}
