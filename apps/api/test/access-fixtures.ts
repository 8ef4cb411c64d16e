import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { KeyRecord, Role } from '@sluice/contracts/access';
import { createKey } from '@sluice/protocol/api-key';
import type { FastifyInstance, InjectOptions, RouteOptions } from 'fastify';
import { type ApiOptions, startApi } from './fixtures.ts';

/** A route as it was registered. */
export type Route = {
  readonly method: string;
  readonly url: string;
  readonly config: NonNullable<RouteOptions['config']>;
};

/** Starts the api with keys asked for, and collects every route that it registers, those of plugins included. */
export async function startGuardedApi(options: ApiOptions) {
  const registered: RouteOptions[] = [];
  const onInitialized = (message: unknown) => {
    const { fastify } = message as { readonly fastify: FastifyInstance };
    fastify.addHook('onRoute', (route) => {
      registered.push(route);
    });
  };
  subscribe('fastify.initialization', onInitialized);
  const api = await startApi({ ...options, auth: 'on' }).finally(() =>
    unsubscribe('fastify.initialization', onInitialized),
  );
  await api.server.ready();
  const routes = registered.flatMap(({ method, url, config = {} }): Route[] =>
    [method].flat().map((one) => ({ method: one, url, config })),
  );

  /** Stores a key and returns it whole. */
  async function addKey(role: Role, fields: Partial<KeyRecord> = {}): Promise<string> {
    const { id, key, hash } = createKey();
    const record = { id, hash, tenant: 'default', name: `a ${role}`, role, sources: null, expiresAt: null };
    await api.keys.create({ ...record, ...fields, createdBy: 'a test' });
    return key;
  }

  /** Sends a request with a key, or without one. */
  async function call(method: string, url: string, key?: string, options: Partial<InjectOptions> = {}) {
    const { headers, ...rest } = options;
    const response = await api.server.inject({
      ...{ method: method as 'GET', url, ...rest },
      headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
    });
    const { statusCode: status, body: text } = response;
    const isJson = String(response.headers['content-type']).includes('json');
    return { status, headers: response.headers, text, body: isJson && text !== '' ? response.json() : null };
  }

  return { ...api, routes, addKey, call };
}

/** Returns the cookie of an answer as a browser would send it. */
export function toCookie(header: unknown): string {
  const [first = ''] = [header].flat().map(String);
  return first.split(';', 1)[0] ?? '';
}
