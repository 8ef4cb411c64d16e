import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { addRoutesFor } from '@sluice/runtime/access';
import type { HttpServer } from '@sluice/runtime/http-server';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';

/** Its own scripts and fonts, styles that its parts write themselves, and its own api; nothing from elsewhere. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The addresses of its pages; what is below them is a page too. */
const PAGES = [
  'overview',
  'live',
  'events',
  'normalized',
  'requests',
  'dead-letters',
  'operations',
  'aggregates',
  'devices',
  'sources',
  'schedules',
  'replication',
  'queues',
  'send',
  'audit',
  'keys',
  'settings',
  'login',
] as const;

/** Addresses of the service, and whatever is below them: a browser, too, is told there what a program is told. */
const SERVICE = /^\/(admin|api|assets|docs|hooks|metrics|stream|vital-data)(\/|$)/;

/** Tells whether the dashboard was built into `folder`. */
export function isBuilt(folder: string): boolean {
  return existsSync(join(folder, 'index.html'));
}

/**
 * Serves the dashboard's build: `/` and each page with its one document, which finds the page from the address, and the files that
 * this names. Files of a build carry their hash in their name, so browsers keep them for ever. A browser at an address that leads
 * nowhere gets the document too, with 404: it says so with the way on around it.
 */
export async function addDashboard(server: HttpServer, folder: string): Promise<void> {
  const plugin: FastifyPluginAsync = async (scope) => {
    // Pages are the same for everybody; what they show is asked of the api, which asks who it is.
    addRoutesFor(scope, { role: 'anybody' });
    await scope.register(fastifyStatic, {
      root: folder,
      serve: false,
      cacheControl: false,
      preCompressed: true,
    });
    const sendPage = (reply: FastifyReply) =>
      reply
        .headers({ 'content-security-policy': POLICY, 'cache-control': 'no-cache' })
        .sendFile('index.html');
    scope.get('/', HIDDEN, (_request, reply) => sendPage(reply));
    for (const page of PAGES) {
      scope.get(`/${page}`, HIDDEN, (_request, reply) => sendPage(reply));
      scope.get(`/${page}/*`, HIDDEN, (_request, reply) => sendPage(reply));
    }
    scope.get<{ Params: { '*': string } }>('/assets/*', HIDDEN, (request, reply) =>
      reply
        .header('cache-control', 'public, max-age=31536000, immutable')
        .sendFile(`assets/${request.params['*']}`),
    );
    for (const file of ['favicon.svg', 'color-scheme.js']) {
      scope.get(`/${file}`, HIDDEN, (_request, reply) =>
        reply.header('cache-control', 'no-cache').sendFile(file),
      );
    }
    scope.get('/*', HIDDEN, (request, reply) => {
      if (!isForPerson(request)) return reply.callNotFound();
      // A browser would ask for a kept page by its tag; that it is unchanged, told with 404, would be an empty page.
      return sendPage(reply.code(404)).header('cache-control', 'no-store');
    });
  };
  await server.register(plugin);
}

function isForPerson({ headers, url }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') === true && !SERVICE.test(url.replace(/\?.*/s, ''));
}

const HIDDEN = { schema: { hide: true } } as const;
