import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

/** Starts a system that answers every request as it is told to, until the test is over; returns its address. */
export async function startAnswerServer(
  answer: (url: URL, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer((request, response) =>
    answer(new URL(request.url ?? '/', 'http://legacy'), response),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/orders`;
}
