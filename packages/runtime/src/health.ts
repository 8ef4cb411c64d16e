import type { FastifyRequest } from 'fastify';
import type {} from './access.ts';
import type { HttpServer } from './http-server.ts';
import { maskUrlPasswords } from './mask.ts';

/** Rejects with the reason when a dependency cannot be used. */
export type HealthCheck = () => Promise<void>;

/** What a probe is told; a check that is not ok says why in words. */
export type Readiness = {
  readonly status: 'ready' | 'not ready' | 'closing';
  readonly checks: Readonly<Record<string, { readonly ok: boolean; readonly reason?: string }>>;
};

/** The answers behind `/livez` and `/readyz`. */
export type Health = {
  isAlive(): boolean;
  read(): Promise<Readiness>;
};

/**
 * Creates the health of a process. Checks run side by side when asked, each for at most `timeoutMs` (default 1,000);
 * one that hangs is not started a second time. `isAlive` (default: always) tells whether the process still does
 * its work, `isClosing` whether it is about to end and shall get no more of it.
 */
export function createHealth({
  checks,
  timeoutMs = 1000,
  isAlive = () => true,
  isClosing = () => false,
}: {
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly timeoutMs?: number;
  readonly isAlive?: () => boolean;
  readonly isClosing?: () => boolean;
}): Health {
  const running = new Map<string, Promise<void>>();

  return {
    isAlive,
    async read() {
      const outcomes = await Promise.all(
        Object.entries(checks).map(async ([name, check]) => [name, await runCheck(name, check)] as const),
      );
      const ready = outcomes.every(([, outcome]) => outcome.ok);
      return {
        status: isClosing() ? 'closing' : ready ? 'ready' : 'not ready',
        checks: Object.fromEntries(outcomes),
      };
    },
  };

  async function runCheck(name: string, check: HealthCheck): Promise<{ ok: boolean; reason?: string }> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      await Promise.race([start(name, check), late]);
      return { ok: true };
    } catch (error) {
      return { ok: false, reason: maskUrlPasswords(error instanceof Error ? error.message : String(error)) };
    } finally {
      clearTimeout(timer);
    }
  }

  function start(name: string, check: HealthCheck): Promise<void> {
    const earlier = running.get(name);
    if (earlier !== undefined) return earlier;
    const started = Promise.resolve()
      .then(check)
      .finally(() => running.delete(name));
    running.set(name, started);
    return started;
  }
}

const ANYBODY = { role: 'anybody' } as const;

const LIVEZ = '/livez';
const READYZ = '/readyz';

/** Tells whether a request is for a probe: those pass over any query, because some who probe add one of their own. */
export function isProbe({ routeOptions: { url } }: Pick<FastifyRequest, 'routeOptions'>): boolean {
  return url === LIVEZ || url === READYZ;
}

/** Adds `GET /livez` and `GET /readyz` to a server: 200, or 503 with the reasons. */
export function addHealthRoutes(server: HttpServer, health: Health): void {
  server.get(LIVEZ, { config: ANYBODY }, (_request, reply) => {
    const alive = health.isAlive();
    return reply
      .code(alive ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: alive ? 'alive' : 'stuck' });
  });
  server.get(READYZ, { config: ANYBODY }, async (_request, reply) => {
    const readiness = await health.read();
    return reply
      .code(readiness.status === 'ready' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(readiness);
  });
}
