import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** What a proxy does to what passes through it. */
export type Interference =
  | { readonly kind: 'none' }
  /** Both directions are late by `ms`. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Connections are cut as soon as they are made. */
  | { readonly kind: 'refuse' }
  /** Nothing passes and nothing is lost: it comes late, as after a cable was put back. */
  | { readonly kind: 'black-hole' }
  /** What clients say passes, what the server answers is lost; such connections are cut in the end. */
  | { readonly kind: 'lose-replies' };

/** A TCP proxy on 127.0.0.1 that does harm when it is told to. */
export type FaultProxy = {
  readonly port: number;
  /** Begins an interference; it replaces the one before. */
  readonly interfere: (how: Interference) => void;
  /** Cuts every connection. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
};

type Link = { readonly cut: () => void; readonly obey: () => void };

/** Starts a proxy on a free port in front of `targetPort`. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  let how: Interference = { kind: 'none' };
  const links = new Set<Link>();
  const server = createServer({ noDelay: true }, (client) => {
    client.on('error', () => undefined);
    if (how.kind === 'refuse') {
      client.resetAndDestroy();
      return;
    }
    const link = createLink(client, targetPort, () => how);
    links.add(link);
    client.once('close', () => links.delete(link));
    link.obey();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The proxy has no port.');

  function cut(): void {
    for (const link of links) link.cut();
  }

  return {
    port: address.port,
    interfere: (next) => {
      how = next;
      if (next.kind === 'refuse') cut();
      else for (const link of links) link.obey();
    },
    cut,
    close: async () => {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}

function createLink(client: Socket, targetPort: number, read: () => Interference): Link {
  const target = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
  let hasLost = false;
  target.on('error', () => undefined);
  const cut = (): void => {
    client.resetAndDestroy();
    target.resetAndDestroy();
  };
  const lanes = [
    createLane(client, target, read, () => false),
    createLane(target, client, read, () => {
      const isLost = read().kind === 'lose-replies';
      hasLost ||= isLost;
      return isLost;
    }),
  ];
  return {
    cut,
    obey: () => {
      // A reply is missing in the middle: whatever came next would be taken for it.
      if (hasLost && read().kind !== 'lose-replies') cut();
      else for (const lane of lanes) lane.obey();
    },
  };
}

/** Passes on one direction, in order, however the delay changes on the way. */
function createLane(from: Socket, to: Socket, read: () => Interference, isLost: () => boolean) {
  const waiting: { readonly chunk: Buffer; readonly dueMs: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let isFull = false;

  function obey(): void {
    if (isFull || read().kind === 'black-hole') from.pause();
    else from.resume();
  }

  function flush(): void {
    timer = undefined;
    const nowMs = performance.now();
    for (let [head] = waiting; head !== undefined && head.dueMs <= nowMs; [head] = waiting) {
      waiting.shift();
      write(head.chunk);
    }
    const [next] = waiting;
    if (next !== undefined) timer = setTimeout(flush, Math.max(1, next.dueMs - nowMs));
  }

  function write(chunk: Buffer): void {
    if (to.destroyed || to.write(chunk)) return;
    isFull = true;
    obey();
    to.once('drain', () => {
      isFull = false;
      obey();
    });
  }

  from.on('data', (chunk: Buffer) => {
    if (isLost()) return;
    const how = read();
    const delayMs = how.kind === 'delay' ? how.ms : 0;
    if (delayMs === 0 && waiting.length === 0) {
      write(chunk);
      return;
    }
    waiting.push({ chunk, dueMs: performance.now() + delayMs });
    if (timer === undefined) flush();
  });
  from.once('close', () => {
    clearTimeout(timer);
    for (const { chunk } of waiting.splice(0)) write(chunk);
    to.destroySoon();
  });
  return { obey };
}
