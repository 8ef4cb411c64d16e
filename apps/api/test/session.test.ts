import { createServer } from 'node:http';
import { listenForTest } from '@sluice/local/test-listen';
import { toKeyId } from '@sluice/protocol/api-key';
import { describe, expect, it } from 'vitest';
import { startGuardedApi, toCookie } from './access-fixtures.ts';
import { startApi, useStores } from './fixtures.ts';

const stores = useStores();
const HOST = 'sluice.example.com';
const ORIGIN = `https://${HOST}`;
const PAGE = { host: HOST, origin: ORIGIN };

async function start(options: { readonly ingestUrl?: string } = {}) {
  let aheadMs = 0;
  const api = await startGuardedApi({ ...stores, ...options, now: () => Date.now() + aheadMs });
  const signIn = (key: string, headers: Record<string, string> = PAGE, remoteAddress = '192.0.2.1') =>
    api.call('POST', '/api/session', undefined, { payload: { key }, headers, remoteAddress });
  const pass = (ms: number) => {
    aheadMs += ms;
  };
  return { ...api, signIn, pass };
}

describe('a session', () => {
  it('is a cookie that no script can read and no other site can send', async () => {
    const { signIn, addKey, call } = await start();
    const signedIn = await signIn(await addKey('viewer', { name: 'ada' }));
    expect(signedIn).toMatchObject({ status: 200, body: { name: 'ada', role: 'viewer', tenant: 'default' } });
    const set = String(signedIn.headers['set-cookie']);
    expect(set).toMatch(/^__Host-sluice_session=slk_\w+/);
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/', 'Max-Age=43'])
      expect(set).toContain(part);
    const cookie = toCookie(set);
    expect((await call('GET', '/api/session', undefined, { headers: { cookie } })).body).toEqual(
      signedIn.body,
    );
    const plain = await signIn(await addKey('viewer'), {
      host: 'localhost:3001',
      origin: 'http://localhost:3001',
    });
    expect(String(plain.headers['set-cookie'])).toMatch(/^sluice_session=(?!.*Secure)/);
  });

  it('changes things only from a page of its own origin', async () => {
    const { signIn, addKey, call } = await start();
    const key = await addKey('admin');
    const cookie = toCookie((await signIn(key)).headers['set-cookie']);
    const post = (headers: Record<string, string>) =>
      call('POST', '/api/maintenance', undefined, {
        payload: { on: false },
        headers: { cookie, host: HOST, ...headers },
      });
    expect((await post({ origin: ORIGIN })).status).toBe(200);
    for (const origin of ['https://evil.example.com', `http://${HOST}`, `${ORIGIN}:8443`, 'null', 'x']) {
      const { status, body } = await post({ origin });
      expect([status, body.code], origin).toEqual([403, 'ERR_ORIGIN_FOREIGN']);
    }
    expect((await post({})).status).toBe(403);
    const withKey = await call('POST', '/api/maintenance', key, {
      ...{ payload: { on: false }, headers: { host: HOST, origin: 'https://evil.example.com' } },
    });
    expect(withKey.status).toBe(200);
    expect((await signIn(key, { host: HOST, origin: 'https://evil.example.com' })).status).toBe(403);
  });

  it('ends by signing out, with its key, and after 12 hours', async () => {
    const { signIn, addKey, call, keys, pass } = await start();
    const key = await addKey('operator');
    const read = (cookie: string) => call('GET', '/api/session', undefined, { headers: { cookie } });
    const first = toCookie((await signIn(key)).headers['set-cookie']);
    const out = await call('DELETE', '/api/session', undefined, { headers: { ...PAGE, cookie: first } });
    expect(out.status).toBe(204);
    expect(String(out.headers['set-cookie'])).toContain('Max-Age=0');
    pass(5000);
    expect((await read(first)).status).toBe(401);

    const second = toCookie((await signIn(key)).headers['set-cookie']);
    expect((await read(second)).status).toBe(200);
    await keys.revoke('default', toKeyId(key) ?? '');
    pass(5000);
    expect((await read(second)).status).toBe(401);

    const third = toCookie((await signIn(await addKey('viewer'))).headers['set-cookie']);
    expect((await read(third)).status).toBe(200);
    pass(12 * 3_600_000);
    expect((await read(third)).status).toBe(401);
  });

  it('is not had with what is no key, a session, or a key that only sends', async () => {
    const { signIn, addKey, call } = await start();
    const cookie = toCookie((await signIn(await addKey('viewer'))).headers['set-cookie']);
    const sessionKey = cookie.slice(cookie.indexOf('=') + 1);
    expect((await signIn(sessionKey)).status).toBe(401);
    expect((await signIn('x')).status).toBe(401);
    expect((await signIn(await addKey('sender'))).status).toBe(403);
    const key = await addKey('viewer');
    const smuggled = await call('GET', '/api/session', undefined, {
      headers: { cookie: `sluice_session=${key}` },
    });
    expect(smuggled.status).toBe(401);
  });

  it('may be tried for ten times a minute from one address', async () => {
    const { signIn, addKey } = await start();
    const key = await addKey('viewer');
    for (let attempt = 0; attempt < 12; attempt += 1) expect((await signIn(key)).status).toBe(200);
    for (let attempt = 0; attempt < 10; attempt += 1) expect((await signIn('wrong')).status).toBe(401);
    const limited = await signIn(key);
    expect([limited.status, limited.body.code]).toEqual([429, 'ERR_SIGN_IN_LIMITED']);
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(50);
    expect((await signIn(key, PAGE, '192.0.2.2')).status).toBe(200);
  });

  it('goes with what is passed on to ingest, as a key', async () => {
    const seen: (string | undefined)[] = [];
    const ingest = createServer((incoming, response) => {
      seen.push(incoming.headers.authorization);
      incoming.resume().on('end', () => response.writeHead(202).end('{}'));
    });
    const { signIn, addKey, call } = await start({ ingestUrl: await listenForTest(ingest) });
    const cookie = toCookie((await signIn(await addKey('operator'))).headers['set-cookie']);
    const key = cookie.slice(cookie.indexOf('=') + 1);
    const send = (headers: Record<string, string>, url = '/api/events') =>
      call('POST', url, undefined, { payload: {}, headers: { cookie, ...headers } });
    expect((await send(PAGE)).status).toBe(202);
    expect((await send({ host: HOST, origin: 'https://evil.example.com' })).status).toBe(403);
    expect((await send({ ...PAGE, authorization: 'Bearer own' })).status).toBe(202);
    expect((await send({ host: HOST }, '/hooks/shop')).status).toBe(202);
    expect(seen).toEqual([`Bearer ${key}`, 'Bearer own', undefined]);
  });

  it('is not needed while nobody is asked, but a page of another origin changes nothing', async () => {
    const { server } = await startApi(stores);
    for (const method of ['GET', 'POST'] as const) {
      const options = method === 'POST' ? { payload: { key: 'x' } } : {};
      const answer = await server.inject({ method, url: '/api/session', ...options });
      expect(answer.json()).toMatchObject({ name: 'everybody', role: 'admin', keyId: null });
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    const post = (headers: Record<string, string>) =>
      server.inject({ method: 'POST', url: '/api/maintenance', payload: { on: false }, headers });
    const foreign = await post({ host: 'localhost:3001', origin: 'https://evil.example.com' });
    expect([foreign.statusCode, foreign.json().code]).toEqual([403, 'ERR_ORIGIN_FOREIGN']);
    expect((await post({ host: 'localhost:3001', origin: 'http://localhost:3001' })).statusCode).toBe(200);
    expect((await post({ host: 'localhost:3001' })).statusCode).toBe(200);
  });

  it('is not needed while nobody is asked, but a name that is given our address reads nothing', async () => {
    const { server } = await startApi(stores);
    const get = async (host: string) => {
      const answer = await server.inject({ url: '/api/session', headers: { host } });
      return [answer.statusCode, answer.json().code];
    };
    const refused = [403, 'ERR_ORIGIN_FOREIGN'];
    for (const host of [
      'evil.example:3001',
      '127.0.0.1.evil.example',
      'notlocalhost',
      'localhost.evil.example',
    ]) {
      expect(await get(host), host).toEqual(refused);
    }
    const own = [
      'localhost:3001',
      'LOCALHOST',
      'sluice.localhost:3001',
      '127.0.0.1:3001',
      '[::1]:3001',
      '192.168.1.7',
    ];
    for (const host of own) expect(await get(host), host).toEqual([200, undefined]);
    // A page may name any other in this one.
    const proxied = await startApi({ ...stores, trustedProxies: ['127.0.0.1'] });
    const headers = { host: 'evil.example', 'x-forwarded-host': 'localhost' };
    expect((await proxied.server.inject({ url: '/api/session', headers })).statusCode).toBe(403);
  });
});
