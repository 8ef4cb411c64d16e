import { type Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as a test writes it down; JSON unless `headers` say otherwise. */
export type Sent = {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: RequestOptions['headers'];
  readonly body?: string | Uint8Array;
  /** Sends the body without saying how long it is. */
  readonly chunked?: boolean;
  readonly agent?: Agent;
};

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly ms: number;
};

/** Sends a request over a socket, exactly as it is written down. */
export function send(port: number, sent: Sent): Promise<Answer> {
  const {
    method = 'POST',
    path = '/api/events',
    headers = { 'content-type': 'application/json' },
    body = '',
  } = sent;
  const startMs = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  // Left out, Node would say how long it is.
  const length =
    sent.chunked === true
      ? { 'transfer-encoding': 'chunked' }
      : { 'content-length': Buffer.byteLength(body) };
  const options = { host: '127.0.0.1', port, method, path, headers: { ...length, ...headers } };
  const outgoing = request(sent.agent === undefined ? options : { ...options, agent: sent.agent });
  outgoing.on('error', reject);
  outgoing.on('response', (response) => {
    text(response).then((content) => {
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text: content,
        json: content.startsWith('{') ? JSON.parse(content) : {},
        ms: performance.now() - startMs,
      });
    }, reject);
  });
  outgoing.end(body);
  return promise;
}

/** Sends bytes that need not be HTTP and returns what comes back until the connection ends. */
export async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}

/** Writes a body as JSON. */
export function json(value: unknown): string {
  return JSON.stringify(value);
}
