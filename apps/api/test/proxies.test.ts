import { createHash, randomBytes } from 'node:crypto';
import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:net';
import { listenForTest } from '@sluice/local/test-listen';
import { createHttpServer } from '@sluice/runtime/http-server';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { logger, startApi, useStores } from './fixtures.ts';

const stores = useStores();

function startUpstream(listener: RequestListener): Promise<string> {
  return listenForTest(createServer(listener));
}

async function listenApi(upstreams: {
  readonly ingestUrl?: string;
  readonly liveUrl?: string;
}): Promise<string> {
  const { server } = await startApi({ ...stores, ...upstreams });
  return server.listen({ host: '127.0.0.1', port: 0 });
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await message.toArray());
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** An ingest that tells what it was sent. */
const echo: RequestListener = (incoming, response) => {
  readAll(incoming).then(
    (body) => {
      const { method, url, headers } = incoming;
      response.writeHead(202, {
        'content-type': 'application/json',
        location: '/api/events/evt_1',
        'x-request-id': 'req_of_ingest',
        'keep-alive': 'timeout=5',
      });
      response.end(JSON.stringify({ method, url, headers, sha256: sha256(body), bytes: body.length }));
    },
    () => response.destroy(),
  );
};

describe('what is passed on to ingest', () => {
  it.each([
    [
      'JSON with odd white space',
      'application/json; charset=utf-8',
      Buffer.from('{ "a" :1.0,\r\n"b":"\u00e9" }'),
    ],
    ['bytes that are no text', 'application/octet-stream', randomBytes(70_000)],
    ['a form', 'application/x-www-form-urlencoded', Buffer.from('a=1&b=%20')],
    ['a body without a type', undefined, Buffer.from('plain')],
    ['what is not JSON though it says so', 'application/json', Buffer.from('{"a":')],
  ])('arrives byte for byte: %s', async (_what, contentType, body) => {
    const url = await listenApi({ ingestUrl: await startUpstream(echo) });
    const headers = {
      'x-hub-signature-256': 'sha256=abc',
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    };
    const answer = await send(`${url}/hooks/github?x=1&y=%20`, { headers, body });
    expect(answer.status).toBe(202);
    const told = JSON.parse(answer.body);
    expect(told).toMatchObject({
      method: 'POST',
      url: '/hooks/github?x=1&y=%20',
      sha256: sha256(body),
      bytes: body.length,
    });
    expect(told.headers['x-hub-signature-256']).toBe('sha256=abc');
    expect(told.headers['content-type']).toBe(contentType);
  });

  it('comes back as ingest answered it', async () => {
    const url = await listenApi({ ingestUrl: await startUpstream(echo) });
    const { status, headers } = await send(`${url}/api/events`, { body: Buffer.from('{}') });
    expect(status).toBe(202);
    expect(headers).toMatchObject({ location: '/api/events/evt_1', 'x-request-id': 'req_of_ingest' });
    expect(headers['keep-alive']).not.toBe('timeout=5');
  });

  it('includes the batch and vital data, and nothing else', async () => {
    const url = await listenApi({ ingestUrl: await startUpstream(echo) });
    const statusOf = async (path: string) =>
      (await send(`${url}${path}`, { body: Buffer.from('{}') })).status;
    expect(await statusOf('/api/events/batch')).toBe(202);
    expect(await statusOf('/vital-data')).toBe(202);
    expect(await statusOf('/hooks/a/b')).toBe(404);
    expect(await statusOf('/livez')).toBe(405);
    expect(await statusOf('/metrics')).toBe(404);
  });

  it.each([
    ['Expect: 100-continue', { expect: '100-continue' }],
    ['Keep-Alive and TE', { 'keep-alive': 'timeout=5', te: 'trailers' }],
  ])('may come with %s', async (_what, headers) => {
    const url = await listenApi({ ingestUrl: await startUpstream(echo) });
    expect((await send(`${url}/api/events`, { headers, body: Buffer.from('{}') })).status).toBe(202);
  });

  it('is answered even when ingest refuses it before it was all sent', async () => {
    const ingest = createHttpServer({ logger, maxBodyBytes: 1024 * 1024, rawBody: true });
    onTestFinished(() => ingest.close());
    ingest.post('/api/events', () => ({ ok: true }));
    const url = await listenApi({ ingestUrl: await ingest.listen({ host: '127.0.0.1', port: 0 }) });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const answer = await send(`${url}/api/events`, { body: randomBytes(8 * 1024 * 1024), agent });
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([413, 'ERR_BODY_TOO_LARGE']);
    const startedAt = performance.now();
    expect((await send(`${url}/api/events`, { body: Buffer.from('{}'), agent })).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  it('is answered 503 when ingest is away, breaks off, or is silent, within 3 s', async () => {
    const breaking = await startUpstream((incoming) => incoming.socket.destroy());
    const silent = await startUpstream((incoming) => incoming.resume());
    for (const ingestUrl of ['http://127.0.0.1:9', breaking, silent]) {
      const url = await listenApi({ ingestUrl });
      const startedAt = performance.now();
      const answer = await send(`${url}/api/events`, { body: Buffer.from('{}') });
      expect(performance.now() - startedAt).toBeLessThan(3000);
      expect(answer.status).toBe(503);
      expect(answer.headers).toMatchObject({
        'content-type': 'application/problem+json',
        'retry-after': '2',
      });
      expect(JSON.parse(answer.body)).toMatchObject({
        code: 'ERR_UNAVAILABLE',
        detail: 'Ingest does not answer.',
      });
    }
  });

  it('may not lead elsewhere', async () => {
    const url = await listenApi({ ingestUrl: await startUpstream(echo) });
    const { hostname, port } = new URL(url);
    for (const target of [
      '/hooks/..%2f..%2fmetrics',
      '/api/events/..%2fx',
      '/api/events/%5c..%5cx',
      'http://evil.example/api/events',
    ]) {
      const socket = connect({ host: hostname, port: Number(port) });
      onTestFinished(() => {
        socket.destroy();
      });
      socket.write(
        `POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
      );
      const answer = (await socket.toArray()).join('');
      expect(answer.slice(0, 20)).toMatch(/^HTTP\/1\.1 40[04] /);
    }
  });
});

describe('what is passed on to live', () => {
  it('comes message by message, and ends when the client goes', async () => {
    const upstream = Promise.withResolvers<{ incoming: IncomingMessage; response: ServerResponse }>();
    const liveUrl = await startUpstream((incoming, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      response.write('retry: 1000\n\n');
      upstream.resolve({ incoming, response });
    });
    const url = await listenApi({ liveUrl });
    const ending = new AbortController();
    const headers = { 'last-event-id': '82AB' };
    const answer = await fetch(`${url}/stream?source=shop`, { headers, signal: ending.signal });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const read = async () => Buffer.from((await reader.read()).value ?? []).toString();
    expect(await read()).toBe('retry: 1000\n\n');
    const { incoming, response } = await upstream.promise;
    expect(incoming.url).toBe('/stream?source=shop');
    expect(incoming.headers['last-event-id']).toBe('82AB');
    response.write('event: event\n\n');
    expect(await read()).toBe('event: event\n\n');
    const gone = new Promise((resolve) => response.once('close', resolve));
    ending.abort();
    await gone;
  });

  it('does not keep the api from ending', async () => {
    const liveUrl = await startUpstream((_incoming, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 1000\n\n');
    });
    const { server } = await startApi({ ...stores, liveUrl });
    const url = await server.listen({ host: '127.0.0.1', port: 0 });
    const answer = await fetch(`${url}/stream`);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    const ended = vi.waitFor(async () =>
      expect((await reader.read().catch(() => ({ done: true }))).done).toBe(true),
    );
    await server.close();
    await ended;
  });

  it('serves more streams at once than a pool of connections would', async () => {
    let open = 0;
    const liveUrl = await startUpstream((_incoming, response) => {
      open += 1;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('retry: 1000\n\n');
    });
    const url = await listenApi({ liveUrl });
    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    await Promise.all(Array.from({ length: 150 }, () => fetch(`${url}/stream`, { signal: ending.signal })));
    expect(open).toBe(150);
  });

  it('is 503 when live is away', async () => {
    const url = await listenApi({});
    const answer = await fetch(`${url}/stream`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ detail: 'Live does not answer.' });
  });
});

/** Sends a body without the conveniences of fetch, which would refuse some headers. */
async function send(
  url: string,
  options: { readonly headers?: Record<string, string>; readonly body: Buffer; readonly agent?: Agent },
) {
  const { headers = {}, body, agent } = options;
  const answered = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(url, {
    method: 'POST',
    headers: { 'content-length': body.length, ...headers },
    ...(agent === undefined ? {} : { agent }),
  });
  outgoing.on('response', answered.resolve).on('error', answered.reject);
  outgoing.end(body);
  const answer = await answered.promise;
  return { status: answer.statusCode, headers: answer.headers, body: (await readAll(answer)).toString() };
}
