import type { CheckKey, KeyHolder, Role } from '@sluice/contracts/access';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import type { FastifyPluginAsync } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addAccess, addRoutesFor, EVERYBODY } from '../src/access.ts';
import { createHttpServer } from '../src/http-server.ts';
import { createLogger } from '../src/logger.ts';

const logger = createLogger({ app: 'test', instance: 'test', level: 'silent' });

function toHolder(role: Role, tenant = 'default'): KeyHolder {
  const caller = { tenant, role, name: role, keyId: `id of ${role}`, sources: null };
  return { caller, kind: 'key', expiresAt: null };
}

/** Takes the name of a role for a key, and answers `slow` ones later. */
const check: CheckKey = (presented) => {
  if (presented === 'away') return Promise.reject(new DependencyAwayError('mongodb', 'away'));
  const [role = '', tenant] = presented.split('@');
  const holder = ['sender', 'viewer', 'operator', 'admin'].includes(role)
    ? toHolder(role as Role, tenant)
    : null;
  return tenant === 'slow' ? Promise.resolve(holder) : holder;
};

function createServer(keys: CheckKey | null = check) {
  const server = createHttpServer({ logger, maxBodyBytes: 1024 });
  onTestFinished(() => server.close());
  addAccess(server, keys);
  return server;
}

function bearer(key: string) {
  return { authorization: `Bearer ${key}` };
}

describe('a guarded server', () => {
  it('refuses to register a route that names no role', () => {
    const server = createServer();
    expect(() => server.get('/open', () => 'x')).toThrow('The route GET /open names no role');
    const off = createServer(null);
    expect(() => off.post('/open', () => 'x')).toThrow('The route POST /open names no role');
  });

  it('guards HEAD as it does GET, before the body is read', async () => {
    const server = createServer();
    let parsed = 0;
    server.addHook('preParsing', async () => {
      parsed += 1;
    });
    server.get('/things', { config: { role: 'viewer' } }, () => ({}));
    server.post('/things', { config: { role: 'operator' } }, () => ({}));
    for (const method of ['GET', 'HEAD', 'POST'] as const) {
      expect((await server.inject({ method, url: '/things', payload: '{}' })).statusCode).toBe(401);
    }
    expect(parsed).toBe(0);
    expect(
      (await server.inject({ method: 'HEAD', url: '/things', headers: bearer('viewer') })).statusCode,
    ).toBe(200);
    const refused = await server.inject({ method: 'POST', url: '/things', headers: bearer('viewer@slow') });
    expect([refused.statusCode, refused.json().detail]).toEqual([
      403,
      'This takes the role operator; the key has viewer.',
    ]);
  });

  it('says who calls, and 503 when nobody can say', async () => {
    const server = createServer();
    server.get('/me', { config: { role: 'sender' } }, ({ caller }) => caller);
    for (const key of ['sender', 'admin@slow']) {
      const answer = await server.inject({ url: '/me', headers: bearer(key) });
      expect(answer.json().role).toBe(key.split('@')[0]);
    }
    expect((await server.inject({ url: '/me', headers: bearer('away') })).statusCode).toBe(503);
    for (const authorization of ['Bearer', 'Basic YTpi', 'viewer', 'Bearer a b', '']) {
      expect(
        (await server.inject({ url: '/me', headers: { authorization } })).statusCode,
        authorization,
      ).toBe(401);
    }
  });

  it('takes for the whole system only keys of the default tenant', async () => {
    const server = createServer();
    server.get('/all', { config: { role: 'viewer', scope: 'system' } }, () => ({}));
    expect((await server.inject({ url: '/all', headers: bearer('viewer') })).statusCode).toBe(200);
    expect((await server.inject({ url: '/all', headers: bearer('admin@acme') })).statusCode).toBe(403);
  });

  it('lets a scope say for its routes, and a route differ', async () => {
    const server = createServer();
    const plugin: FastifyPluginAsync = async (scope) => {
      addRoutesFor(scope, { toAccess: (method) => ({ role: method === 'GET' ? 'viewer' : 'admin' }) });
      scope.get('/a', () => ({}));
      scope.put('/a', () => ({}));
      scope.get('/b', { config: { role: 'anybody' } }, () => ({}));
    };
    await server.register(plugin);
    const status = async (method: 'GET' | 'PUT', url: string, key: string) =>
      (await server.inject({ method, url, headers: bearer(key) })).statusCode;
    expect(await status('GET', '/a', 'viewer')).toBe(200);
    expect(await status('PUT', '/a', 'operator')).toBe(403);
    expect(await status('GET', '/b', 'nobody')).toBe(200);
    expect(() => server.get('/c', () => ({}))).toThrow();
  });

  it('asks nobody while it is off', async () => {
    const server = createServer(null);
    server.get('/me', { config: { role: 'admin', scope: 'system' } }, ({ caller }) => caller);
    expect((await server.inject('/me')).json()).toEqual(EVERYBODY);
  });
});
