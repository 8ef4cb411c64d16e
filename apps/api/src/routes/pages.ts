import type { HttpServer } from '@sluice/runtime/http-server';
import { createErrorsPage } from '../pages/errors.ts';
import { createLandingPage } from '../pages/landing.ts';
import type { Page } from '../pages/page.ts';

/** Adds the pages that are not made by anything else. */
export function addPages(server: HttpServer, port: number): void {
  addPage(server, '/', createLandingPage(port));
  addPage(server, '/docs/errors', createErrorsPage());
}

function addPage(server: HttpServer, url: string, { html, policy }: Page): void {
  server.get(url, (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .headers({ 'content-security-policy': policy, 'cache-control': 'no-cache' })
      .send(html),
  );
}
