import type { Message } from './frames.ts';

/** How messages reach a client: server-sent events, or a WebSocket. */
export type TransportKind = 'sse' | 'ws';

/** One open connection, as a stream sees it. It buffers nothing beyond what its socket holds. */
export type Transport = {
  readonly kind: TransportKind;
  /** Whether nothing more can be sent, also because the end has been announced. */
  readonly isClosed: boolean;
  /** Sends a message; false when the socket takes nothing more until `onDrain`. */
  send(message: Message): boolean;
  /** Asks for a sign of life, where the protocol knows one; cuts off who gave none for long. */
  ping(): void;
  onDrain(listener: () => void): void;
  /** Calls back once, when the connection is gone. */
  onClose(listener: () => void): void;
  /** Announces the end; the client is to connect again. */
  end(): void;
  /** Ends it because the caller may not watch any more. */
  refuse(): void;
  /** Ends it at once, because the client is too slow. */
  drop(): void;
};
