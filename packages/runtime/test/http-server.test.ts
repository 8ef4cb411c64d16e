import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { ProblemException } from '@sluice/contracts/errors';
import { DependencyAwayError } from '@sluice/contracts/unavailable';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '../src/http-server.ts';
import { ListenError, listen } from '../src/listen.ts';
import { createLogger } from '../src/logger.ts';

const servers: HttpServer[] = [];
const lines: string[] = [];

afterEach(async () => {
  lines.length = 0;
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(
  options: Partial<HttpServerOptions>,
  addRoutes: (server: HttpServer) => void = () => {},
) {
  const destination = { write: (line: string) => lines.push(line) };
  const logger = createLogger({ app: 'test', instance: 'test-1', level: 'info', destination });
  const server = createHttpServer({ logger, maxBodyBytes: 1024, ...options });
  addRoutes(server);
  servers.push(server);
  const port = await listen(server, { host: '127.0.0.1', port: 0, setting: 'API_PORT' });
  return { server, port, url: `http://127.0.0.1:${port}` };
}

/** Sends bytes as they are and returns all that comes back until the server closes. */
async function exchange(port: number, ...parts: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  for (const part of parts) socket.write(part);
  return readAll(socket);
}

async function readAll(socket: Socket): Promise<string> {
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  await once(socket, 'close');
  return answer;
}

function addEcho(server: HttpServer): void {
  server.post('/echo', (request) => ({ got: request.body }));
  server.get('/things/:id', () => ({}));
  server.get('/boom', () => {
    throw new Error('secret detail');
  });
  server.get('/away', () => {
    throw new DependencyAwayError('redis', 'secret detail');
  });
  server.get('/refused', () => {
    throw new ProblemException('ERR_FORBIDDEN', 'An operator may.');
  });
}

describe('every answer', () => {
  test('carries an id of our own, whatever the sender says', async () => {
    const { url } = await start({}, addEcho);
    const headers = { 'x-request-id': 'theirs', 'request-id': 'theirs' };
    const [one, two] = await Promise.all([fetch(`${url}/things/1`, { headers }), fetch(`${url}/things/1`)]);
    expect(one.headers.get('x-request-id')).toMatch(/^req_[0-9a-f-]{36}$/);
    expect(one.headers.get('x-request-id')).not.toBe(two.headers.get('x-request-id'));
    expect(one.headers.get('x-content-type-options')).toBe('nosniff');
    expect(one.headers.get('x-powered-by')).toBeNull();
    expect(one.headers.get('server')).toBeNull();
  });

  test('is not logged', async () => {
    const { url } = await start({}, addEcho);
    lines.length = 0;
    await fetch(`${url}/things/1`);
    await fetch(`${url}/nothing`);
    expect(lines).toEqual([]);
  });
});

describe('problems', () => {
  test.each([
    ['/refused', 403, 'ERR_FORBIDDEN'],
    ['/away', 503, 'ERR_UNAVAILABLE'],
    ['/nothing', 404, 'ERR_NOT_FOUND'],
    ['/%zz', 400, 'ERR_REQUEST_MALFORMED'],
    [`/things/${'x'.repeat(200)}`, 404, 'ERR_NOT_FOUND'],
  ])('answers %s with a problem', async (path, status, code) => {
    const { url } = await start({}, addEcho);
    const answer = await fetch(url + path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = await answer.json();
    expect(problem).toMatchObject({ status, code, type: `/docs/errors#${code}` });
    expect(problem).toHaveProperty('instance', answer.headers.get('x-request-id'));
  });

  test('hides an unforeseen error and logs it with the request id', async () => {
    const { url } = await start({}, addEcho);
    const answer = await fetch(`${url}/boom`);
    const body = await answer.text();
    expect(answer.status).toBe(500);
    expect(body).not.toContain('secret detail');
    const line = lines.find((entry) => entry.includes('request.failed')) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      requestId: JSON.parse(body).instance,
      err: { message: 'secret detail' },
      route: '/boom',
    });
  });

  test('names the methods of an address that has others', async () => {
    const { url } = await start({}, (server) => {
      addEcho(server);
      server.get('/*', () => ({}));
    });
    const known = await fetch(`${url}/echo?x=1`, { method: 'PUT', body: '{' });
    expect([known.status, known.headers.get('allow')]).toEqual([405, 'POST']);
    const item = await fetch(`${url}/things/1`, { method: 'POST' });
    expect([item.status, item.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('says that a slash at the end leads nowhere, and that a file is not there', async () => {
    const { url } = await start({}, (server) => {
      addEcho(server);
      server.get('/files/*', (_request, reply) => reply.callNotFound());
    });
    for (const path of ['/boom/', '/echo/?x=1']) {
      const answer = await fetch(url + path);
      expect([answer.status, answer.headers.get('allow')]).toEqual([404, null]);
      expect(await answer.json()).toMatchObject({ detail: 'Leave out the slash at the end of the address.' });
    }
    const file = await fetch(`${url}/files/none.js`);
    expect([file.status, file.headers.get('allow')]).toEqual([404, null]);
  });

  test('does not read the body of a request that leads nowhere', async () => {
    const { url } = await start({}, addEcho);
    const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' };
    const answer = await fetch(`${url}/nothing`, request);
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'ERR_NOT_FOUND' }]);
  });

  test.each([
    ['application/json', '{"a":', 400, 'ERR_JSON_INVALID'],
    ['application/json', '', 400, 'ERR_BODY_EMPTY'],
    ['application/json', Buffer.from('{"a":"\xff"}', 'latin1'), 400, 'ERR_UNICODE_INVALID'],
    ['application/json', '{"__proto__":{"a":1}}', 400, 'ERR_JSON_INVALID'],
    ['text/plain', 'x', 415, 'ERR_MEDIA_TYPE'],
    ['nonsense', 'x', 415, 'ERR_MEDIA_TYPE'],
    ['application/json', `"${'x'.repeat(2000)}"`, 413, 'ERR_BODY_TOO_LARGE'],
  ])('refuses a body of type %s: %s', async (type, body, status, code) => {
    const { url } = await start({}, addEcho);
    const answer = await fetch(`${url}/echo`, { method: 'POST', headers: { 'content-type': type }, body });
    expect([answer.status, await answer.json()]).toMatchObject([status, { code }]);
  });

  test.each([
    ['gzip', gzipSync('{"a":1}')],
    ['br', '{"a":1}'],
    ['GZIP', ''],
    ['', '{"a":1}'],
  ])('refuses a body in the encoding %j by that, whatever its bytes', async (encoding, body) => {
    const { url } = await start({}, addEcho);
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
    const answer = await fetch(`${url}/echo`, { method: 'POST', headers, body });
    expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toMatchObject([
      ...[415, 'application/problem+json'],
      { code: 'ERR_CONTENT_ENCODING', detail: 'Send the body without `Content-Encoding`.' },
    ]);
  });

  test('takes a body whose encoding is the identity', async () => {
    const { url } = await start({}, addEcho);
    const headers = { 'content-type': 'application/json', 'content-encoding': 'Identity' };
    const answer = await fetch(`${url}/echo`, { method: 'POST', headers, body: '{"a":1}' });
    expect(await answer.json()).toEqual({ got: { a: 1 } });
  });
});

describe('bodies', () => {
  test.each(['application/json', 'text/xml; charset=x', 'a/b'])(
    'are handed on as bytes: %s',
    async (type) => {
      const { url } = await start({ rawBody: true }, (server) => {
        server.post('/echo', (request, reply) =>
          reply.send({ bytes: Buffer.isBuffer(request.body) && [...request.body] }),
        );
      });
      const body = Buffer.from([123, 255, 0]);
      const answer = await fetch(`${url}/echo`, { method: 'POST', headers: { 'content-type': type }, body });
      expect(await answer.json()).toEqual({ bytes: [123, 255, 0] });
    },
  );

  test.each(['content-length', 'chunked'])('that are far too large still get an answer (%s)', async (how) => {
    const { port } = await start({}, addEcho);
    const size = 4 * 1024 * 1024;
    const framing = how === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`;
    const socket = connect(port, '127.0.0.1');
    const answer = readAll(socket);
    socket.write(`POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`);
    const data = 'x'.repeat(size);
    socket.write(how === 'chunked' ? `${size.toString(16)}\r\n${data}\r\n0\r\n\r\n` : data);
    socket.write('GET /things/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const text = await answer;
    expect(text).toContain('HTTP/1.1 413 ');
    expect(text).toContain('HTTP/1.1 200 ');
  });
});

describe('on the socket', () => {
  test('what is not HTTP is answered with 400', async () => {
    const { port } = await start({});
    const answer = await exchange(port, 'HELLO\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('"code":"ERR_REQUEST_MALFORMED"');
  });

  test.each([
    ['chunked', 200],
    ['Chunked', 200],
    ['gzip, chunked', 400],
    ['chunked, chunked', 400],
    ['identity', 400],
    ['chunked, gzip', 400],
  ])('a body sent with Transfer-Encoding %s is answered with %i', async (coding, status) => {
    const { port } = await start({}, addEcho);
    const head = `POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n`;
    const answer = await exchange(port, `${head}Transfer-Encoding: ${coding}\r\n\r\n1\r\n1\r\n0\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain(status === 200 ? '{"got":1}' : '"code":"ERR_REQUEST_MALFORMED"');
  });

  test('a request without Host is answered with 400', async () => {
    const { port } = await start({}, addEcho);
    const answer = await exchange(port, 'GET /things/1 HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"detail":"Host is missing."');
    expect(await exchange(port, 'GET /things/1 HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('an expectation that means nothing to us is passed over', async () => {
    const { port } = await start({}, addEcho);
    const head = 'GET /things/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
    expect(await exchange(port, `${head}Expect: nonsense\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('too large headers are answered with 431', async () => {
    const { port } = await start({});
    const answer = await exchange(port, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":"ERR_HEADERS_TOO_LARGE"');
  });

  test.each([
    ['headers', 'POST /echo HTTP/1.1\r\nHost: x\r\n'],
    [
      'a body',
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
  ])('%s that do not end are answered with 408', async (_name, start408) => {
    const { port } = await start({ requestTimeoutMs: 300 }, addEcho);
    const answer = await exchange(port, start408);
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('"code":"ERR_REQUEST_TIMEOUT"');
  });

  test('a connection that never says anything is closed', async () => {
    const { port } = await start({ requestTimeoutMs: 300, connectionTimeoutMs: 1000 });
    expect(await exchange(port)).not.toContain(' 200 ');
  });
});

describe('listening', () => {
  test('on a taken port fails with one sentence that names the setting', async () => {
    const { port } = await start({});
    const { server } = await start({});
    await server.close();
    const second = createHttpServer({
      logger: createLogger({ app: 'test', instance: 'test-2', level: 'silent' }),
      maxBodyBytes: 1,
    });
    servers.push(second);
    const failure = listen(second, { host: '127.0.0.1', port, setting: 'INGEST_PORT' });
    await expect(failure).rejects.toThrow(ListenError);
    await expect(failure).rejects.toThrow(
      `port ${port} is taken; stop what listens there or set INGEST_PORT.`,
    );
  });
});

describe('closing', () => {
  test('finishes the request under way and does not wait for its idle connection', async () => {
    const arrived = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const { server, port } = await start({}, (created) => {
      created.get('/slow', async () => {
        arrived.resolve();
        await release.promise;
        return {};
      });
    });
    const socket = connect(port, '127.0.0.1');
    const answer = readAll(socket);
    socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await arrived.promise;
    const closed = server.close();
    await vi.waitFor(() => expect(server.server.listening).toBe(false));
    release.resolve();
    await closed;
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
