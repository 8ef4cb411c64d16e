import { type ProblemError, ProblemException } from '@sluice/contracts/errors';
import { isJsonObject, type JsonObject, type JsonValue } from '@sluice/contracts/json';

/** The longest name of a device, in characters. */
const MAX_DEVICE_LENGTH = 256;

/** Fields that are vital signs by name; they must be numbers, other fields are kept as they are. */
const VITAL_SIGN = /^(heart|breath|pulse|respiratory)[A-Za-z]*(Rate|Value)$/;

/** The last second of the year 9999, the last that RFC 3339 can write. */
const MAX_TIMESTAMP = 253_402_300_799;

/**
 * Checks the body of `POST /vital-data`: `{device, timestamp (unix seconds), ...numeric vital signs}`.
 *
 * @throws ProblemException ERR_BODY_INVALID with every wrong field at once
 */
export function assertVitalData(body: JsonValue): asserts body is JsonObject {
  if (!isJsonObject(body)) {
    throw new ProblemException('ERR_BODY_INVALID', 'The body must be a JSON object.', {
      errors: [{ pointer: '', detail: 'expected an object' }],
    });
  }
  const errors: ProblemError[] = [];
  const { device, timestamp } = body;
  if (typeof device !== 'string' || device.trim() === '' || device.length > MAX_DEVICE_LENGTH) {
    errors.push({ pointer: '/device', detail: `expected a string of 1 to ${MAX_DEVICE_LENGTH} characters` });
  }
  if (typeof timestamp !== 'number' || timestamp < 0 || timestamp > MAX_TIMESTAMP) {
    errors.push({ pointer: '/timestamp', detail: 'expected unix seconds as a number' });
  }
  for (const [name, value] of Object.entries(body)) {
    // 1e400 is read as infinite, which is no reading.
    if (VITAL_SIGN.test(name) && value !== null && !Number.isFinite(value)) {
      errors.push({ pointer: `/${name}`, detail: 'expected a number' });
    }
  }
  if (errors.length > 0) {
    const detail = errors.map(({ pointer, detail }) => `${pointer.slice(1)}: ${detail}`).join('; ');
    throw new ProblemException('ERR_BODY_INVALID', `${detail}.`, { errors });
  }
}
