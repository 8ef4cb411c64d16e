import { ERRORS } from '@sluice/contracts/errors';
import type { FastifyRequest } from 'fastify';
import type {} from './access.ts';
import type { HttpServer } from './http-server.ts';

const ERRORS_PAGE = '/docs/errors';

/** Tells whether a request is for the list of errors: people follow links there, to which anything may have been added. */
export function isErrorsPage({ routeOptions: { url } }: Pick<FastifyRequest, 'routeOptions'>): boolean {
  return url === ERRORS_PAGE;
}

/** Adds the list that the `type` of every problem leads to, as text, for apps that serve no pages. */
export function addErrorsRoute(server: HttpServer): void {
  const text = toText();
  server.get(ERRORS_PAGE, { config: { role: 'anybody' } }, (_request, reply) =>
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
