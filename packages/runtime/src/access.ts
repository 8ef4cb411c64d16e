/*
 * Who may use which route.
 *
 *  1. Every route names the least role that may use it, in its own `config` or by `addRoutesFor` for the scope that it
 *     is registered in. A route without one cannot be registered: nothing is open because somebody forgot it.
 *  2. Routes for `anybody` are left alone. Each other one gets a guard that runs before the body is read.
 *  3. The guard takes the key from `Authorization: Bearer`, else from the session's cookie, and has it checked: 401 when it
 *     is nobody's, 503 when nobody can say. Then `request.caller` tells who calls.
 *  4. With a cookie an unsafe request must come from a page of the same origin. A role that is too low is 403; so is
 *     another tenant than the default one where a route concerns the whole system.
 */
import {
  type Caller,
  type CheckKey,
  type KeyHolder,
  mayActAs,
  ROLES,
  type Role,
} from '@sluice/contracts/access';
import { ProblemException } from '@sluice/contracts/errors';
import { DEFAULT_TENANT } from '@sluice/contracts/event';
import type { FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { type Credential, readCredential } from './access-credential.ts';
import { isFromOwnPage } from './access-origin.ts';
import type { HttpServer } from './http-server.ts';

/** Who may use a route. */
export type RouteAccess = {
  /** The least role; `anybody` needs no key. */
  readonly role: Role | 'anybody';
  /** `system`: the route concerns all tenants, so it takes a key of the default one. */
  readonly scope?: 'system';
};

/** Who may use the routes of a scope that name nobody themselves, by their method and address. */
export type ScopeAccess = {
  readonly toAccess: (method: string, url: string) => RouteAccess;
  /** Answers a refused request where the scope's own error handler would not; by default the error is thrown. */
  readonly refuse?: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes the request; set before a handler runs on every route that names a role. */
    caller: Caller;
  }
  interface FastifyContextConfig extends Partial<RouteAccess> {}
  interface FastifyInstance {
    readonly scopeAccess?: ScopeAccess;
  }
}

/** Who everybody is while nobody is asked (`AUTH=off`). */
export const EVERYBODY: Caller = {
  tenant: DEFAULT_TENANT,
  role: 'admin',
  name: 'everybody',
  keyId: null,
  sources: null,
};

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Tells whether a method may change something. */
export function isUnsafe(method: string): boolean {
  return !SAFE_METHODS.has(method);
}

/**
 * Guards every route that is added from now on; `null` asks nobody (`AUTH=off`). Call it before any route is added.
 * Adding a route throws an Error when it names no role.
 */
export function addAccess(server: HttpServer, check: CheckKey | null): void {
  if (check === null) server.decorateRequest('caller', { getter: () => EVERYBODY });
  else server.decorateRequest('caller');
  server.addHook('onRoute', function (route) {
    const { scopeAccess } = this;
    const access = toAccess(route, scopeAccess);
    route.config = { ...route.config, ...access };
    if (check === null || access.role === 'anybody') return;
    const guard = createGuard(check, access, scopeAccess?.refuse);
    route.onRequest = [guard, ...[route.onRequest ?? []].flat()];
  });
}

/** Says who may use the routes of a scope that name nobody themselves, such as those of a plugin. */
export function addRoutesFor(scope: HttpServer, access: RouteAccess | ScopeAccess): void {
  scope.decorate('scopeAccess', 'toAccess' in access ? access : { toAccess: () => access });
}

function toAccess({ config, method, url }: RouteOptions, scope: ScopeAccess | undefined): RouteAccess {
  const methods = [method].flat();
  if (config?.role !== undefined) {
    return config.scope === undefined ? { role: config.role } : { role: config.role, scope: config.scope };
  }
  // Methods that share a route share its handler; the most that one of them needs is what all of them do.
  const found = methods.map((it) => scope?.toAccess(it, url)).filter((it) => it !== undefined);
  const [most] = found.sort((left, right) => toRank(right.role) - toRank(left.role));
  if (most !== undefined) return most;
  throw new Error(`The route ${methods.join(', ')} ${url} names no role: say in its config who may use it.`);
}

function toRank(role: string): number {
  return (ROLES as readonly string[]).indexOf(role);
}

type Guard = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

function createGuard(check: CheckKey, access: RouteAccess, refuse: ScopeAccess['refuse']): Guard {
  return (request, reply, done) => {
    function answer(problem: unknown): void {
      if (problem === null) done();
      else if (refuse === undefined) done(problem as Error);
      else refuse(problem, request, reply);
    }

    const credential = readCredential(request.headers);
    if (credential === null) {
      answer(new ProblemException('ERR_UNAUTHENTICATED'));
      return;
    }
    const found = check(credential.key);
    if (!(found instanceof Promise)) answer(findObjection(request, credential, found, access));
    else found.then((holder) => findObjection(request, credential, holder, access)).then(answer, answer);
  };
}

/** Says who calls, and returns what speaks against it. */
function findObjection(
  request: FastifyRequest,
  { isCookie }: Credential,
  holder: KeyHolder | null,
  { role, scope }: RouteAccess,
): ProblemException | null {
  // A cookie that holds a key itself was not set by us.
  if (holder === null || (isCookie && holder.kind !== 'session')) {
    return new ProblemException('ERR_UNAUTHENTICATED', 'The key is not valid, or no longer.');
  }
  const { caller } = holder;
  request.caller = caller;
  if (isCookie && needsOwnPage(request) && !isFromOwnPage(request)) {
    return new ProblemException('ERR_ORIGIN_FOREIGN');
  }
  if (role !== 'anybody' && !mayActAs(caller.role, role)) {
    return new ProblemException('ERR_FORBIDDEN', `This takes the role ${role}; the key has ${caller.role}.`);
  }
  if (scope === 'system' && caller.tenant !== DEFAULT_TENANT) {
    const detail = `This concerns all tenants: it takes a key of the tenant ${DEFAULT_TENANT}.`;
    return new ProblemException('ERR_FORBIDDEN', detail);
  }
  return null;
}

/** Tells whether a request must come from our own page: so must a WebSocket, which any page may open by a GET. */
export function needsOwnPage({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): boolean {
  return isUnsafe(method) || headers.upgrade?.toLowerCase() === 'websocket';
}
