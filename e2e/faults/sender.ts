import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { acceptedSchema } from '@sluice/contracts/api';
import type { SeenAnswer } from '../openapi/answer-check.ts';
import type { Answer } from './book.ts';
import type { FaultRequest } from './requests.ts';

/** Sends requests to one ingest over connections that are kept. */
export type Sender = {
  /** Never rejects: whatever goes wrong is an answer, too. */
  readonly send: (sent: FaultRequest) => Promise<Answer>;
  readonly close: () => void;
};

/** After so long a sender gives up: far beyond the promise, so that a late answer can be told from none. */
const GIVE_UP_MS = 10_000;

/** Creates a sender with up to `connections` connections; `onSeen` is told of every answer that came whole. */
export function createSender(url: string, connections: number, onSeen: (seen: SeenAnswer) => void): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname: host, port } = new URL(url);

  function send({ path, headers, body }: FaultRequest): Promise<Answer> {
    const startMs = performance.now();
    const since = (): number => performance.now() - startMs;
    return new Promise((resolve) => {
      const giveUp = setTimeout(() => outgoing.destroy(new Error('no answer in 10 s')), GIVE_UP_MS);
      const settle = (answer: Answer): void => {
        clearTimeout(giveUp);
        resolve(answer);
      };
      const fail = (error: Error): void => settle({ kind: 'unknown', reason: toReason(error), ms: since() });
      const outgoing = request({
        agent,
        host,
        port,
        path,
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      });
      outgoing.once('error', fail);
      outgoing.once('response', (response) => {
        const { statusCode: status = 0 } = response;
        text(response).then((content) => {
          settle(toAnswer(status, content, since()));
          const get = (name: string) => response.headers[name]?.toString() ?? null;
          onSeen({ method: 'POST', pathname: path, status, headers: { get }, body: content });
        }, fail);
      });
      outgoing.end(body);
    });
  }

  return { send, close: () => agent.destroy() };
}

function toReason(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

function toAnswer(status: number, content: string, ms: number): Answer {
  try {
    const json: unknown = JSON.parse(content);
    if (status === 202) {
      const { id, duplicate } = acceptedSchema.parse(json);
      return { kind: 'ok', id, isDuplicate: duplicate, ms };
    }
    const code = typeof json === 'object' && json !== null && 'code' in json ? String(json.code) : 'no code';
    return { kind: 'refused', status, code, ms };
  } catch {
    // A status without the body that belongs to it promises nothing.
    return { kind: 'unknown', reason: `unreadable ${status}`, ms };
  }
}
