import type { ServerResponse } from 'node:http';
import type { Transport } from './transport.ts';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Tells nginx and its kin to pass every message on at once.
  'x-accel-buffering': 'no',
};

/** How long clients wait before they connect again, in milliseconds: each another time, so that not all come at once. */
const RETRY_MIN_MS = 1000;
const RETRY_SPREAD_MS = 1000;

/** Begins server-sent events on a response whose reply was hijacked. */
export function createSseTransport(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): Transport {
  response.writeHead(200, { ...headers, ...HEADERS });
  response.write(`retry: ${RETRY_MIN_MS + Math.floor(Math.random() * RETRY_SPREAD_MS)}\n\n`);
  return {
    kind: 'sse',
    get isClosed() {
      return response.destroyed || response.writableEnded;
    },
    send: ({ frame }) => response.write(frame),
    ping: () => undefined,
    onDrain: (listener) => void response.on('drain', listener),
    onClose: (listener) => void response.once('close', listener),
    end() {
      // What does not take the last bytes would never see the end.
      if (response.writableNeedDrain) response.destroy();
      else response.end();
    },
    refuse: () => void response.end(),
    drop: () => void response.destroy(),
  };
}
