import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { listenForTest } from '@sluice/local/test-listen';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startApi, useStores } from './fixtures.ts';

const stores = useStores();

type Upstream = {
  readonly url: string;
  readonly joined: Promise<{ request: IncomingMessage; socket: Socket }>;
};

/** A live that agrees to every WebSocket, and hands its end of the connection over. */
async function startUpstream(): Promise<Upstream> {
  const joined = Promise.withResolvers<{ request: IncomingMessage; socket: Socket }>();
  const server = createServer((_request, response) => void response.writeHead(404).end('{}'));
  server.on('upgrade', (incoming, socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: yes\r\n\r\nfirst',
    );
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    onTestFinished(() => void socket.destroy());
    joined.resolve({ request: incoming, socket: socket as Socket });
  });
  return { url: await listenForTest(server), joined: joined.promise };
}

async function listenApi(liveUrl: string) {
  const { server } = await startApi({ ...stores, liveUrl });
  return { server, url: await server.listen({ host: '127.0.0.1', port: 0 }) };
}

type Opened = { readonly status: number | undefined; readonly headers: IncomingMessage['headers'] } & (
  | { readonly socket: Socket; readonly head: string }
  | { readonly body: string }
);

function ask(url: string, headers: Record<string, string> = {}): Promise<Opened> {
  const answered = Promise.withResolvers<Opened>();
  const outgoing = request(url, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...headers,
    },
  });
  outgoing.on('error', answered.reject);
  outgoing.on('upgrade', ({ statusCode, headers: told }, socket, head) => {
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    answered.resolve({ status: statusCode, headers: told, socket: socket as Socket, head: head.toString() });
  });
  outgoing.on('response', (response) => {
    response.toArray().then(
      (chunks) =>
        answered.resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      answered.reject,
    );
  });
  outgoing.end();
  return answered.promise;
}

async function open(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ socket: Socket; head: string }> {
  const opened = await ask(url, headers);
  if ('socket' in opened) return opened;
  throw new Error(`refused: ${opened.status} ${opened.body}`);
}

async function readText(socket: Socket, wanted: string, before = ''): Promise<void> {
  let text = before;
  for (;;) {
    if (text === wanted) return;
    expect(wanted.startsWith(text)).toBe(true);
    const [chunk] = await new Promise<[Buffer]>((resolve) => socket.once('data', (data) => resolve([data])));
    text += chunk.toString();
  }
}

describe('a WebSocket that is passed on to live', () => {
  it('carries bytes both ways, with the address, the headers and the key that the client sent', async () => {
    const live = await startUpstream();
    const { url } = await listenApi(live.url);
    const { socket, head } = await open(`${url}/stream/ws?source=shop`, {
      authorization: 'Bearer k',
      origin: url,
    });
    const { request: incoming, socket: far } = await live.joined;
    expect(incoming.url).toBe('/stream/ws?source=shop');
    expect(incoming.headers).toMatchObject({ authorization: 'Bearer k', host: new URL(live.url).host });
    expect(incoming.headers.origin).toBeUndefined();
    await readText(socket, 'first', head);
    socket.write('to live');
    await readText(far, 'to live');
    far.write('to the client');
    await readText(socket, 'to the client');
  });

  it.each(['client', 'live'])('ends with the %s', async (who) => {
    const live = await startUpstream();
    const { url } = await listenApi(live.url);
    const { socket } = await open(`${url}/stream/statuses/ws`);
    const { socket: far } = await live.joined;
    const [first, other] = who === 'client' ? [socket, far] : [far, socket];
    other.resume();
    const ended = new Promise((resolve) => other.once('close', resolve));
    first.destroy();
    await ended;
  });

  it('does not keep the api from ending', async () => {
    const live = await startUpstream();
    const { server, url } = await listenApi(live.url);
    const { socket } = await open(`${url}/stream/ws`);
    socket.resume();
    const ended = new Promise((resolve) => socket.once('close', resolve));
    await server.close();
    await ended;
  });

  it('slows live down when the client does not read, instead of filling the memory', async () => {
    const live = await startUpstream();
    const { url } = await listenApi(live.url);
    const { socket } = await open(`${url}/stream/ws`);
    socket.pause();
    const { socket: far } = await live.joined;
    const chunk = randomBytes(1024 * 1024);
    let sent = 0;
    await vi.waitFor(
      () => {
        sent += 1;
        expect(sent).toBeLessThan(200);
        if (far.write(chunk)) throw new Error('It still takes more.');
        expect(far.writableLength).toBeGreaterThan(8 * chunk.length);
      },
      { timeout: 20_000, interval: 10 },
    );
    expect(sent).toBeLessThan(100);
  });

  it('is refused as live refuses it', async () => {
    const live = await listenForTest(
      createServer().on('upgrade', (_request, socket) => {
        socket.end(
          'HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: 28\r\nConnection: close\r\n\r\n{"code":"ERR_QUERY_INVALID"}',
        );
      }),
    );
    const { url } = await listenApi(live);
    const refused = await ask(`${url}/stream/ws?color=red`);
    expect(refused).toMatchObject({ status: 400, body: '{"code":"ERR_QUERY_INVALID"}' });
    expect(refused.headers).toMatchObject({
      'content-type': 'application/problem+json',
      connection: 'close',
    });
  });

  it('is answered 503 when live is away or silent, within 3 s', async () => {
    const silent = await listenForTest(createServer().on('upgrade', (_request, socket) => socket.resume()));
    for (const liveUrl of ['http://127.0.0.1:9', silent]) {
      const { url } = await listenApi(liveUrl);
      const startedAt = performance.now();
      const refused = await ask(`${url}/stream/ws`);
      expect(performance.now() - startedAt).toBeLessThan(3000);
      expect(refused).toMatchObject({ status: 503, body: expect.stringContaining('Live does not answer.') });
    }
  });

  it('is refused to a page of another origin', async () => {
    const live = await startUpstream();
    const { url } = await listenApi(live.url);
    expect(await ask(`${url}/stream/ws`, { origin: 'https://evil.example' })).toMatchObject({ status: 403 });
  });

  it('is answered 426 without an upgrade, and any other upgrade as if it asked for nothing', async () => {
    const live = await startUpstream();
    const { url } = await listenApi(live.url);
    const response = await fetch(`${url}/stream/ws`);
    expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect(await ask(`${url}/livez`, { upgrade: 'h2c' })).toMatchObject({ status: 200 });
    expect(await ask(`${url}/stream/other`)).toMatchObject({ status: 404 });
  });
});
