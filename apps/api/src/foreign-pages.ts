import { ProblemException } from '@sluice/contracts/errors';
import { isUnsafe } from '@sluice/runtime/access';
import { isFromOwnPage } from '@sluice/runtime/access-origin';
import type { HttpServer } from '@sluice/runtime/http-server';

/**
 * Refuses unsafe requests of pages of other origins, where nobody is asked for a key: else any page that a person looks at
 * could change things on their machine. What is not sent by a page names no origin.
 */
export function refuseForeignPages(server: HttpServer): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const isForeign =
      isUnsafe(request.method) && request.headers.origin !== undefined && !isFromOwnPage(request);
    done(isForeign ? new ProblemException('ERR_ORIGIN_FOREIGN') : undefined);
  });
}
