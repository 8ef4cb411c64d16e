import type { EventDetail } from '@sluice/contracts/api';

/** Says in one sentence how an event stands: made from its last attempt, not from its first. */
export function toCause({ status, raw, normalized, duplicate }: EventDetail): string {
  switch (status) {
    case 'pending':
      return 'It waits in the queue for a worker.';
    case 'processing':
      return 'A worker has it in hand.';
    case 'normalized':
      return normalized === null
        ? 'It was stored.'
        : `It became a record of type ${normalized.type}${toTries(raw?.attempts ?? 1)}.`;
    case 'duplicate':
      return duplicate === null ? 'It repeats an event that was here before.' : toRepeat(duplicate.level);
    case 'failed':
      return `Attempt ${raw?.attempts ?? 1} failed and will be repeated: ${toReason(raw)}`;
    case 'dead':
      return raw !== null && raw.attempts > 1
        ? `${toReason(raw)} The last of ${raw.attempts} attempts ended so.`
        : toReason(raw);
  }
}

function toTries(attempts: number): string {
  return attempts > 1 ? `, at attempt ${attempts}` : '';
}

function toRepeat(level: 'raw' | 'normalized'): string {
  return level === 'raw'
    ? 'It has the same content as an event that was here before; it was kept and not processed.'
    : 'It would have become the same record as an event that was here before.';
}

function toReason(raw: EventDetail['raw']): string {
  const reason = raw?.message ?? raw?.code ?? 'The reason is not known.';
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}
