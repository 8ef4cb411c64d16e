/** Headers that concern one connection only (RFC 9110 7.6.1), and `expect`, which was answered here. */
const HOP_BY_HOP = [
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
] as const;

/** Returns headers without those that are not passed on. */
export function withoutHopByHop<Headers extends object>(headers: Headers): Headers {
  const kept = { ...headers };
  for (const header of HOP_BY_HOP) Reflect.deleteProperty(kept, header);
  return kept;
}
