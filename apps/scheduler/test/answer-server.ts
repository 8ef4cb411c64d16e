import { createServer, type ServerResponse } from 'node:http';
import { listenForTest } from '@sluice/local/test-listen';

/** Starts a system that answers every request as it is told to, until the test is over; returns its address. */
export async function startAnswerServer(
  answer: (url: URL, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer((request, response) =>
    answer(new URL(request.url ?? '/', 'http://legacy'), response),
  );
  return `${await listenForTest(server)}/orders`;
}
