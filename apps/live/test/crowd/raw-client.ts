import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Opens a stream on a bare socket, which costs little; resolves paused, once an answer begins. */
export async function openRaw(url: string, lastEventId?: string): Promise<Socket> {
  const { hostname, port, pathname, search } = new URL(url);
  const isSocket = pathname.endsWith('/ws');
  const lines = [
    // HTTP/1.0 is answered without chunks.
    `GET ${pathname}${search} HTTP/${isSocket ? '1.1' : '1.0'}`,
    `Host: ${hostname}:${port}`,
    ...(lastEventId === undefined ? [] : [`Last-Event-ID: ${lastEventId}`]),
    ...(isSocket
      ? [
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        ]
      : []),
  ];
  const socket = connect({ host: hostname, port: Number(port) });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('The stream was refused.')));
    socket.once('data', (data) => {
      socket.pause();
      socket.unshift(data);
      socket.removeAllListeners('error').removeAllListeners('close');
      socket.on('error', () => undefined);
      resolve();
    });
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
  return socket;
}

/** Hears the messages of a stream opened by `openRaw` as server-sent events. */
export function hearEvents(
  socket: Socket,
  onMessage: (event: string, id: string | undefined, data: string) => void,
): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    rest += text;
    for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
      const block = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const event = /^event: (.+)$/m.exec(block)?.[1];
      const data = /^data: (.+)$/m.exec(block)?.[1];
      if (event !== undefined && data !== undefined) onMessage(event, /^id: (.+)$/m.exec(block)?.[1], data);
    }
  });
  socket.resume();
}
