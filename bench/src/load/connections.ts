import { once } from 'node:events';
import { connect } from 'node:net';
import { createAnswerReader } from './answers.ts';
import type { LoadSpec } from './load-spec.ts';
import { prepareRequest } from './request.ts';

/** A connection that has at most one request under way. */
export type Connection = {
  /** Sends the request of that number. */
  readonly send: (n: number) => void;
  readonly close: () => void;
};

/** What is told of a connection. */
export type ConnectionEvents = {
  readonly onAnswer: (connection: Connection, status: number) => void;
  readonly onError: (error: Error) => void;
};

/** More than any answer here; one that is longer comes in parts. */
const READ_BYTES = 16 * 1024;

/**
 * Opens the connections of a load: bare sockets, one request and one buffer to read into for each, because what the
 * generator needs of the machine is taken from what is measured.
 */
export function openConnections(spec: LoadSpec, events: ConnectionEvents): Promise<Connection[]> {
  return Promise.all(Array.from({ length: spec.connections }, () => openConnection(spec, events)));
}

async function openConnection(spec: LoadSpec, { onAnswer, onError }: ConnectionEvents): Promise<Connection> {
  const { hostname, port } = new URL(spec.url);
  const { bytes, fill } = prepareRequest(spec);
  const reader = createAnswerReader();
  let isClosing = false;
  const socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    onread: { buffer: Buffer.allocUnsafe(READ_BYTES), callback: read },
  });
  socket.on('error', onError);
  socket.once('close', () => {
    if (!isClosing) onError(new Error('A server closed a connection that was in use.'));
  });
  await once(socket, 'connect');

  function read(length: number, buffer: Uint8Array): boolean {
    try {
      const status = reader.read(Buffer.from(buffer.buffer, buffer.byteOffset, length));
      if (status !== undefined) onAnswer(connection, status);
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  const connection: Connection = {
    send(n) {
      fill(n);
      socket.write(bytes);
    },
    close() {
      isClosing = true;
      socket.end();
    },
  };
  return connection;
}
