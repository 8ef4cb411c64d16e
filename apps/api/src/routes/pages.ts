import type { HttpServer } from '@sluice/runtime/http-server';
import { createErrorsPage } from '../pages/errors.ts';
import { createLandingPage } from '../pages/landing.ts';
import type { Page } from '../pages/page.ts';
import { createSignInPage, SIGN_IN_PATH } from '../pages/sign-in.ts';

/** Adds the page at `/` for an api without a dashboard. */
export function addLandingPage(server: HttpServer, port: number): void {
  addPage(server, '/', createLandingPage(port));
}

/** Adds the pages that are not made by anything else. */
export function addPages(server: HttpServer): void {
  addPage(server, '/docs/errors', createErrorsPage());
  addPage(server, SIGN_IN_PATH, createSignInPage());
}

function addPage(server: HttpServer, url: string, { html, policy }: Page): void {
  server.get(url, { config: { role: 'anybody' } }, (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .headers({ 'content-security-policy': policy, 'cache-control': 'no-cache' })
      .send(html),
  );
}
