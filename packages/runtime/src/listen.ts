import type { AddressInfo } from 'node:net';
import { PlainError } from '@sluice/contracts/plain-error';

/** Thrown when a server cannot listen; the message is one plain sentence that names the setting. */
export class ListenError extends PlainError {
  override readonly name = 'ListenError';
}

/** The part of a Fastify server that listening needs. */
type Listener = {
  readonly server: { address(): AddressInfo | string | null };
  listen(options: {
    host: string;
    port: number;
    listenTextResolver: (address: string) => string;
  }): Promise<string>;
};

/**
 * Listens on an address and returns the port, which is of interest when port 0 (any free one) was asked for.
 * `setting` names the variable that sets the port.
 *
 * @throws ListenError when the port is taken or forbidden, or the host is no address of this machine
 */
export async function listen(
  server: Listener,
  { host, port, setting }: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<number> {
  try {
    await server.listen({ host, port, listenTextResolver: (address) => `server.listening ${address}` });
  } catch (error) {
    const sentence = toSentence(error, { host, port, setting });
    throw sentence === undefined ? error : new ListenError(sentence, { cause: error });
  }
  const address = server.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function toSentence(
  error: unknown,
  { host, port, setting }: { readonly host: string; readonly port: number; readonly setting: string },
): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} is taken; stop what listens there or set ${setting}.`;
    case 'EACCES':
      return `port ${port} may not be opened by this user; set ${setting} to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine; set HOST.`;
    default:
      return undefined;
  }
}
