/*
 * Streams over WebSockets.
 *
 *  1. A message is one text frame, `{"event", "id", "data"}`; it is written once for all who are sent it in a row.
 *  2. A ping comes with every heartbeat. Who answers none of three is gone.
 *  3. Nothing is read: a client that sends a message is closed with 1008.
 *  4. A slow one is closed with 1013 behind what its socket still holds, and cut off when it does not take that soon.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CLOSE_CODES } from '@sluice/contracts/live';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { type Message, toJsonText } from './frames.ts';
import type { Transport } from './transport.ts';

/** Turns connections into streams. */
export type WebSockets = {
  /** Answers the request on its connection; `onOpen` is not called when its headers are not those of a WebSocket. */
  accept(
    request: IncomingMessage,
    connection: { readonly socket: Socket; readonly head: Buffer },
    onOpen: (transport: Transport) => void,
  ): void;
};

/** Clients have nothing to say. */
const MAX_PAYLOAD_BYTES = 1024;

/** How long the end of a connection may take, in milliseconds. */
const CLOSE_TIMEOUT_MS = 5000;

const MAX_UNANSWERED_PINGS = 3;

/** Creates the WebSocket side of a process. */
export function createWebSockets(): WebSockets {
  // The types of the library do not know `closeTimeout` yet.
  const options: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_PAYLOAD_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const server = new WebSocketServer(options);
  let last: { readonly message: Message; readonly text: Buffer } | undefined;

  /** Clients are sent the same message one after the other, so that the last one is nearly always the one asked for. */
  function toText(message: Message): Buffer {
    if (last?.message !== message) last = { message, text: toJsonText(message) };
    return last.text;
  }

  return {
    accept(request, { socket, head }, onOpen) {
      server.handleUpgrade(request, socket, head, (client) =>
        onOpen(createWsTransport(client, socket, toText)),
      );
    },
  };
}

function createWsTransport(
  client: WebSocket,
  socket: Socket,
  toText: (message: Message) => Buffer,
): Transport {
  let unanswered = 0;
  client.on('pong', () => {
    unanswered = 0;
  });
  client.on('message', () => client.close(CLOSE_CODES.policy, 'This stream only tells.'));
  // What is no WebSocket frame is closed by the library itself, with the code that says why.
  client.on('error', () => undefined);
  return {
    kind: 'ws',
    get isClosed() {
      return client.readyState !== client.OPEN;
    },
    send(message) {
      client.send(toText(message), { binary: false });
      return !socket.writableNeedDrain;
    },
    ping() {
      if (unanswered >= MAX_UNANSWERED_PINGS) {
        client.terminate();
        return;
      }
      unanswered += 1;
      client.ping();
    },
    onDrain: (listener) => void socket.on('drain', listener),
    onClose: (listener) => void client.once('close', listener),
    end() {
      if (socket.writableNeedDrain) client.terminate();
      else client.close(CLOSE_CODES.goingAway, 'Connect again.');
    },
    refuse: () => client.close(CLOSE_CODES.policy, 'The key is no longer in force.'),
    drop: () => client.close(CLOSE_CODES.tryLater, 'Too slow; connect again.'),
  };
}
