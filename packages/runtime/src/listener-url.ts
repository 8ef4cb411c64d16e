/** Writes the address at which a listener of this machine is reached: on the loopback address, if it listens everywhere. */
export function toListenerUrl(host: string, port: number): string {
  return `http://${toReachable(host)}:${port}`;
}

function toReachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
