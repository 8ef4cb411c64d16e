import { onTestFinished } from 'vitest';
import type { SseMessage } from './sse-reader.ts';

/** A WebSocket that is read message by message, like a stream of `sse-reader.ts`. */
export type SocketReader = {
  readonly socket: WebSocket;
  /** Returns the next message that `accept` takes (default any); rejects when the socket is closed first. */
  next(accept?: (message: SseMessage) => boolean): Promise<SseMessage>;
  /** Resolves with the code and the reason of the end. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(): void;
};

/** Opens a WebSocket, as a browser does. */
export async function openSocket(url: string): Promise<SocketReader> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  const messages: SseMessage[] = [];
  let isClosed = false;
  let news = Promise.withResolvers<void>();
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => {
      isClosed = true;
      news.resolve();
      resolve({ code, reason });
    });
  });
  socket.addEventListener('message', ({ data }) => {
    const { event, id, data: told } = JSON.parse(String(data));
    messages.push({ event, id: id ?? undefined, data: told });
    news.resolve();
  });
  const close = () => socket.close();
  onTestFinished(close);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('The WebSocket was refused.')));
  });

  async function next(accept: (message: SseMessage) => boolean = () => true): Promise<SseMessage> {
    for (;;) {
      const message = messages.shift();
      if (message !== undefined) {
        if (accept(message)) return message;
        continue;
      }
      if (isClosed) throw new Error('The WebSocket was closed.');
      await news.promise;
      news = Promise.withResolvers<void>();
    }
  }

  return { socket, next, closed, close };
}
