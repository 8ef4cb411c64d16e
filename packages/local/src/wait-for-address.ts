import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { StartError } from './say.ts';

const PATIENCE_MS = 5000;
const ATTEMPT_MS = 1000;
const PAUSE_MS = 200;

type Address = { readonly host: string; readonly port: number };

/**
 * Waits until somebody listens at one of the addresses that a `redis://` or `mongodb://` URL names; `mongodb+srv://`
 * is not looked up. `setting` names where the URL came from.
 *
 * @throws StartError after 5 s without
 */
export async function waitForAddress(url: string, setting: string, signal?: AbortSignal): Promise<void> {
  const addresses = toAddresses(url);
  if (addresses.length === 0) return;
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    signal?.throwIfAborted();
    const found = await Promise.all(addresses.map(isListening));
    if (found.includes(true)) return;
    if (performance.now() > deadline) {
      const named = addresses.map(({ host, port }) => `${host}:${port}`).join(' or ');
      throw new StartError(
        `Nobody answers at ${named}. Start what should listen there, or check ${setting}; without it \`npm start\` starts a server of its own.`,
      );
    }
    await pause(PAUSE_MS);
  }
}

function toAddresses(url: string): Address[] {
  const [, scheme = '', hosts = ''] = /^(\w+):\/\/(?:[^@/]*@)?([^/?]*)/.exec(url) ?? [];
  const defaultPort = { redis: 6379, rediss: 6379, mongodb: 27_017 }[scheme];
  if (defaultPort === undefined) return [];
  return hosts.split(',').map((text) => {
    const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? [];
    return {
      host: host.replace(/^\[|\]$/g, '') || '127.0.0.1',
      port: port === undefined ? defaultPort : Number(port),
    };
  });
}

async function isListening({ host, port }: Address): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(ATTEMPT_MS) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
