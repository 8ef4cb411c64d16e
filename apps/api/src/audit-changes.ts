import { API_KEY_PATTERN } from '@sluice/contracts/access';
import { MASK, maskUrlPasswords } from '@sluice/runtime/mask';

/** How much of a body is kept, in characters. */
const MAX_LENGTH = 4096;

/** Fields whose value is masked, whatever it is; `key` alone, because other keys are names. */
const SECRET_FIELD = /^key$|secret|password|token|credential|authorization|cookie|api-?key/i;

const KEY_ANYWHERE = new RegExp(API_KEY_PATTERN.source.replace(/^\^|\$$/g, ''), 'g');

/** No name reaches into the next one, and none is read from more than one place: the time grows with the text alone. */
const SECRET_PARAMETER = /([?&](?=[^=?&#\s]*(?:key|secret|password|token|sig))[^=?&#\s]*=)[^&#\s]+/gi;

/** Shows a body for the audit log: as JSON, secrets masked, cut; null when there is none. */
export function toChanges(body: unknown): string | null {
  if (body === undefined || body === null) return null;
  return JSON.stringify(body, mask).slice(0, MAX_LENGTH);
}

function mask(field: string, value: unknown): unknown {
  if (SECRET_FIELD.test(field)) return MASK;
  return typeof value === 'string' ? maskText(value) : value;
}

function maskText(text: string): string {
  return maskUrlPasswords(text).replace(KEY_ANYWHERE, MASK).replace(SECRET_PARAMETER, `$1${MASK}`);
}
