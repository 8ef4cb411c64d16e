import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Problem, type ProblemCode, ProblemException } from '@sluice/contracts/errors';
import { PROBLEM_MEDIA_TYPE, toProblem } from './problems.ts';

/**
 * Answers what is not HTTP, came too slowly or has too large headers with a problem, straight on the socket, and
 * closes it. Nothing is written into an answer that has begun. Returns what was answered, if anything was.
 */
export function answerClientError(
  error: Error & { readonly code?: string },
  socket: Socket,
): Problem | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable || hasBegunAnswer(socket)) {
    socket.destroy(error);
    return undefined;
  }
  const requestId = `req_${randomUUID()}`;
  const { problem } = toProblem(new ProblemException(toCode(error.code)), requestId);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  return problem;
}

function toCode(code: string | undefined): ProblemCode {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'ERR_REQUEST_TIMEOUT';
  if (code === 'HPE_HEADER_OVERFLOW') return 'ERR_HEADERS_TOO_LARGE';
  return 'ERR_REQUEST_MALFORMED';
}

/** Node keeps the answer under way in `_httpMessage`; its own default handler looks at the same two fields. */
function hasBegunAnswer(socket: Socket): boolean {
  const message: unknown = Reflect.get(socket, '_httpMessage');
  return typeof message === 'object' && message !== null && Reflect.get(message, '_headerSent') === true;
}
