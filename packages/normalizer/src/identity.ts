import { hash } from 'node:crypto';

/** Names an event: `evt_` and the first 32 hex digits of SHA-256 over tenant, source and idempotency key. */
export function toEventId(tenant: string, source: string, idempotencyKey: string): string {
  return toId(`${tenant}\0${source}\0${idempotencyKey}`);
}

/** Names an event whose idempotency key was used before for another body: the content hash makes the difference. */
export function toConflictEventId(
  tenant: string,
  source: string,
  idempotencyKey: string,
  contentHash: string,
): string {
  return toId(`${tenant}\0${source}\0${idempotencyKey}\0${contentHash}`);
}

function toId(text: string): string {
  return `evt_${hash('sha256', text).slice(0, 32)}`;
}
