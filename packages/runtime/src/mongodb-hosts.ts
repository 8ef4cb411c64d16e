import { isLoopback } from './loopback.ts';

const ADDRESS = /^(mongodb(?:\+srv)?):\/\/(?:[^/?]*@)?([^/?]+)(?:\/[^?]*)?(?:\?(.*))?$/i;

/**
 * Tells whether a MongoDB URI asks for TLS, or names this machine alone: loopback addresses and Unix sockets. An
 * address with `+srv` has TLS unless it says otherwise.
 */
export function isEncryptedOrLocal(uri: string): boolean {
  const [, protocol = '', hosts = '', query = ''] = ADDRESS.exec(uri) ?? [];
  if (protocol === '') return false;
  const answers = query
    .split('&')
    .map((part) => part.toLowerCase().split('='))
    .filter(([name]) => name === 'tls' || name === 'ssl')
    .map(([, value]) => value === 'true');
  const isSrv = protocol.toLowerCase() === 'mongodb+srv';
  const isEncrypted = answers.length === 0 ? isSrv : answers.every(Boolean);
  // The names behind `+srv` are somebody else's: it is never local.
  return isEncrypted || (!isSrv && hosts.split(',').every(isLocal));
}

function isLocal(host: string): boolean {
  const name = host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d*$/, '');
  return isLoopback(name) || /^%2f.*\.sock$/i.test(name);
}
