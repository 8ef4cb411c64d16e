import { createHmac } from 'node:crypto';

/** The declared source whose requests are signed. */
export const SIGNED_SOURCE = 'signed';

/** Signs a body as GitHub does: `sha256=` and the HMAC in hex. */
export function sign(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
