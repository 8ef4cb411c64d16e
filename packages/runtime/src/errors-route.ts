import { ERRORS } from '@sluice/contracts/errors';
import type {} from './access.ts';
import type { HttpServer } from './http-server.ts';

/** Adds the list that the `type` of every problem leads to, as text, for apps that serve no pages. */
export function addErrorsRoute(server: HttpServer): void {
  const text = toText();
  server.get('/docs/errors', { config: { role: 'anybody' } }, (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send(text),
  );
}

function toText(): string {
  const entries = Object.entries(ERRORS).map(([code, { title, status, mend }]) => {
    const answered = status === undefined ? 'stands on events only' : `HTTP ${status}`;
    return `${code} (${answered})\n  ${title}\n  ${mend}\n`;
  });
  return `Every error answer of Sluice carries one of these codes; so does every event that failed.\n\n${entries.join('\n')}`;
}
