import type { LookupAddress, lookup } from 'node:dns';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { type FetchOptions, FetchPageError, fetchPage } from '../src/poll/fetch-page.ts';

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done)))));

async function listen(server: Server): Promise<URL> {
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`);
}

const serve = (listener: RequestListener) => listen(createServer(listener));

/** Answers every connection with the same bytes, then ends it. */
const serveBytes = (bytes: string) =>
  listen(createTcpServer((socket) => socket.once('data', () => socket.end(bytes)).on('error', () => {})));

const fetchIt = (url: URL, options: Partial<FetchOptions> = {}) =>
  fetchPage(url, { timeoutMs: 5000, allowPrivate: true, ...options });

async function failureOf(fetched: Promise<unknown>): Promise<FetchPageError> {
  const error = await fetched.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof FetchPageError) return error;
  throw new Error('no FetchPageError', { cause: error });
}

describe('a page', () => {
  test("comes with the source's own time and its wish to wait", async () => {
    const url = await serve((_request, response) =>
      response.setHeader('date', 'Mon, 01 Jun 2026 12:00:00 GMT').setHeader('retry-after', '3').end('[]'),
    );
    expect(await fetchIt(url)).toEqual({
      kind: 'page',
      status: 200,
      text: '[]',
      isWhole: true,
      link: undefined,
      dateMs: Date.parse('2026-06-01T12:00:00Z'),
      waitMs: 3000,
    });
  });

  test.each([undefined, 'text/html', 'application/vnd.erp+json; charset=UTF-8', 'nonsense'])(
    'is taken whatever media type it claims: %s',
    async (type) => {
      const url = await serve((_request, response) => {
        if (type !== undefined) response.setHeader('content-type', type);
        response.end('["é"]');
      });
      expect(await fetchIt(url)).toMatchObject({ text: '["é"]' });
    },
  );

  test('is decoded by the charset it names', async () => {
    const url = await serve((_request, response) =>
      response
        .setHeader('content-type', 'application/json; charset=iso-8859-1')
        .end(Buffer.from('["é"]', 'latin1')),
    );
    expect(await fetchIt(url)).toMatchObject({ text: '["é"]' });
  });

  test('is asked for with our headers, without compression', async () => {
    const seen = Promise.withResolvers<Record<string, unknown>>();
    const url = await serve((request, response) => {
      seen.resolve(request.headers);
      response.end('[]');
    });
    await fetchIt(url, { headers: { authorization: 'Bearer x' } });
    expect(await seen.promise).toMatchObject({ authorization: 'Bearer x', 'accept-encoding': 'identity' });
  });
});

describe('a refusal', () => {
  test('429 tells how long to wait', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(429, { 'retry-after': '7' }).end('slow down'),
    );
    expect(await fetchIt(url)).toMatchObject({ kind: 'refused', status: 429, waitMs: 7000 });
  });

  test.each([500, 401, 404])('%d is a value, not an error', async (status) => {
    const url = await serve((_request, response) => response.writeHead(status).end());
    expect(await fetchIt(url)).toMatchObject({ kind: 'refused', status, waitMs: null });
  });

  test.each([204, 304])('%d is an empty page', async (status) => {
    const url = await serve((_request, response) => response.writeHead(status).end());
    expect(await fetchIt(url)).toMatchObject({ kind: 'empty', status });
  });
});

describe('a source that misbehaves', () => {
  test('by dripping is left after the time that all of it may take', async () => {
    const url = await serve((_request, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    const { failure, message } = await failureOf(fetchIt(url, { timeoutMs: 200 }));
    expect([failure, message]).toEqual(['timeout', `${url.href} did not answer in time.`]);
  });

  test('by dripping is left sooner, when it brings less than the lowest rate', async () => {
    const url = await serve((_request, response) => {
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    const slow = fetchIt(url, { timeoutMs: 30_000, rateWindowMs: 200, minWindowBytes: 100 });
    expect((await failureOf(slow)).message).toBe(`${url.href} answers too slowly.`);
    expect(await fetchIt(await serve((_request, response) => response.end('[]')))).toMatchObject({
      text: '[]',
    });
  });

  test('by saying nothing is left too', async () => {
    const url = await listen(createTcpServer((socket) => socket.resume().on('error', () => {})));
    expect((await failureOf(fetchIt(url, { timeoutMs: 100 }))).failure).toBe('timeout');
  });

  test.each(['declared', 'streamed'])('by sending too much is cut off (%s)', async (how) => {
    const url = await serve((_request, response) => {
      if (how === 'declared') response.setHeader('content-length', 5000);
      response.write('x'.repeat(2500));
      response.end('x'.repeat(2500));
    });
    expect((await failureOf(fetchIt(url, { maxBytes: 4000 }))).failure).toBe('too-large');
    expect(await fetchIt(url, { maxBytes: 5000 })).toMatchObject({ kind: 'page' });
  });

  test.each([
    ['Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n'],
    ['headers', 'HTTP/1.1 200 OK\r\nContent-'],
    ['Content-Length, at the end of a line', 'HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nid;at\r\n1;5\r\n'],
    ['Content-Length of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 20\r\n\r\n{"id":1}\n'],
    [
      'chunks, at the end of a line',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"id":1}\n\r\n',
    ],
    [
      'chunks, before the last',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"id":1}\n\r\n0\r\n',
    ],
  ])('by breaking off is noticed (%s)', async (_name, bytes) => {
    expect((await failureOf(fetchIt(await serveBytes(bytes)))).failure).toBe('truncated');
  });

  test.each([
    ['without a length', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"id":1}\n'],
    ['as HTTP/1.0 does', 'HTTP/1.0 200 OK\r\n\r\n{"id":1}\n'],
    ['with another encoding than chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n{"id":1}\n'],
  ])('by ending with the connection cannot be told from one that broke off: %s', async (_name, bytes) => {
    expect(await fetchIt(await serveBytes(bytes))).toMatchObject({ text: '{"id":1}\n', isWhole: false });
  });

  test('by not speaking HTTP is unreachable', async () => {
    expect((await failureOf(fetchIt(await serveBytes('SSH-2.0-x\r\n')))).failure).toBe('unreachable');
  });

  test('by compressing unasked is refused', async () => {
    const url = await serve((_request, response) =>
      response.setHeader('content-encoding', 'gzip').end(gzipSync('[]')),
    );
    expect((await failureOf(fetchIt(url))).failure).toBe('unreadable');
  });

  test('by sending bytes that are no text is refused', async () => {
    const url = await serve((_request, response) => response.end(Buffer.from([0x5b, 0xff, 0x5d])));
    expect((await failureOf(fetchIt(url))).failure).toBe('unreadable');
  });

  test('is named without its credentials and query', async () => {
    const url = await listen(createTcpServer((socket) => socket.destroy()));
    url.username = 'me';
    url.password = 'hunter2';
    url.search = '?key=hunter2';
    expect((await failureOf(fetchIt(url))).message).not.toContain('hunter2');
  });
});

describe('an address', () => {
  test.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]'])(
    'that is private is refused: %s',
    async (host) => {
      let requests = 0;
      const url = await serve((_request, response) => {
        requests += 1;
        response.end('[]');
      });
      url.hostname = host;
      const { failure } = await failureOf(fetchIt(url, { allowPrivate: false }));
      expect([failure, requests]).toEqual(['address-refused', 0]);
    },
  );

  test('of the metadata service is refused even when private ones are allowed', async () => {
    const { failure } = await failureOf(fetchIt(new URL('http://169.254.169.254/latest/meta-data')));
    expect(failure).toBe('address-refused');
  });

  test('where nothing listens is unreachable', async () => {
    const url = await serve(() => {});
    await new Promise((done) => servers.pop()?.close(done));
    expect((await failureOf(fetchIt(url))).failure).toBe('unreachable');
  });
});

describe('a name', () => {
  /** Answers with one address after the other. */
  function resolveInTurn(...addresses: string[]): typeof lookup {
    const next = () => addresses.shift() ?? '127.0.0.1';
    return ((_name: string, _options: unknown, callback: (error: null, found: LookupAddress[]) => void) =>
      callback(null, [{ address: next(), family: 4 }])) as typeof lookup;
  }

  test('that answers with a private address when it is connected to is refused', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.end('[]');
    });
    url.hostname = 'rebinding.test';
    const asked = fetchIt(url, { allowPrivate: false, lookup: resolveInTurn('127.0.0.1') });
    expect([(await failureOf(asked)).failure, requests]).toEqual(['address-refused', 0]);
  });

  test('is looked up once: the address that was checked is the one connected to', async () => {
    const url = await serve((_request, response) => response.end('[]'));
    url.hostname = 'erp.test';
    const turns = resolveInTurn('127.0.0.1', '169.254.169.254');
    expect(await fetchIt(url, { lookup: turns })).toMatchObject({ text: '[]' });
  });

  test('is checked again after a redirect', async () => {
    const url = await serve((_request, response) => response.writeHead(302, { location: '/again' }).end());
    url.hostname = 'erp.test';
    const asked = fetchIt(url, { lookup: resolveInTurn('127.0.0.1', '169.254.169.254') });
    expect((await failureOf(asked)).failure).toBe('address-refused');
  });
});

test('another port of a private host is not connected to, and gets no credentials', async () => {
  const seen: unknown[] = [];
  const other = await serve((request, response) => {
    seen.push(request.headers.authorization, request.headers['x-api-key']);
    response.end('[]');
  });
  const url = await serve((_request, response) => response.writeHead(307, { location: other.href }).end());
  const headers = { authorization: 'Bearer hunter2', 'x-api-key': 'hunter2' };
  expect((await failureOf(fetchIt(url, { headers }))).failure).toBe('address-refused');
  expect(seen).toEqual([]);
});

describe('a redirect', () => {
  const redirectTo = (location: string) =>
    serve((request, response) => {
      if (request.url === '/end') response.end('[1]');
      else response.writeHead(302, { location }).end();
    });

  test('is followed on the same host', async () => {
    expect(await fetchIt(await redirectTo('/end'))).toMatchObject({ text: '[1]' });
  });

  test.each(['http://localhost:9/', 'http://10.0.0.1/', 'http://[::1]:9/'])(
    'to another private address is refused, although the source may have one: %s',
    async (location) => {
      expect((await failureOf(fetchIt(await redirectTo(location)))).failure).toBe('address-refused');
    },
  );

  test('to the metadata service is refused', async () => {
    const url = await redirectTo('http://169.254.169.254/');
    expect((await failureOf(fetchIt(url))).failure).toBe('address-refused');
  });

  test.each(['file:///etc/passwd', 'http://'])('to %s is not followed', async (location) => {
    expect((await failureOf(fetchIt(await redirectTo(location)))).failure).toBe('redirect');
  });

  test('in a circle ends after three', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      requests += 1;
      response.writeHead(307, { location: '/orders' }).end();
    });
    expect([(await failureOf(fetchIt(url))).failure, requests]).toEqual(['redirect', 4]);
  });
});

test('a request ends when the process is closing', async () => {
  const closing = new AbortController();
  const url = await serve(() => closing.abort());
  expect((await failureOf(fetchIt(url, { signal: closing.signal }))).message).toContain('closing');
});
