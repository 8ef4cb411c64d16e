import type { Accepted } from '@sluice/contracts/api';
import type { JsonValue } from '@sluice/contracts/json';
import { send } from '../../data/http.ts';
import { findJsonFault } from '../../data/json-fault.ts';

/** How many attempts shall fail, as a select has it. */
export const SIMULATIONS = [
  ['none', 'no'],
  ['1', 'the first attempt fails'],
  ['3', 'the first 3 attempts fail'],
  ['all', 'every attempt fails: the event dies'],
] as const;
export type Simulated = (typeof SIMULATIONS)[number][0];

/** What stands in the form. */
export type Draft = {
  readonly source: string;
  readonly type: string;
  readonly idempotencyKey: string;
  readonly schemaVersion: string;
  readonly simulated: Simulated;
  readonly text: string;
};

/** What the form begins with. */
export const EXAMPLE: Draft = {
  source: 'demo',
  type: '',
  idempotencyKey: '',
  schemaVersion: '',
  simulated: 'none',
  text: '{\n  "metric": "sales",\n  "amount": "12,50 €",\n  "timestamp": "2026-11-21T12:00:00Z"\n}',
};

/** Makes a draft that sends the payload of an event once more. */
export function toDraft(source: string, payload: JsonValue): Draft {
  return { ...EXAMPLE, source, text: JSON.stringify(payload, null, 2) };
}

/** Says what is wrong with a draft before anything is sent; undefined when nothing is. */
export function findFault({ source, schemaVersion, text }: Draft): string | undefined {
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(source)) return 'The source needs a name of A-Z a-z 0-9 _ . -';
  if (schemaVersion !== '' && !/^[1-9]\d{0,4}$/.test(schemaVersion))
    return 'A schema version is a whole number.';
  const fault = findJsonFault(text);
  if (fault === null) return undefined;
  return `The payload is not valid JSON: line ${fault.line}, column ${fault.column}: ${fault.message}`;
}

/** Sends a draft. @throws Failure */
export function sendDraft(draft: Draft): Promise<Accepted> {
  const { source, type, idempotencyKey, schemaVersion, simulated, text } = draft;
  return send<Accepted>('POST', '/api/events', {
    source,
    payload: JSON.parse(text) as unknown,
    ...(type === '' ? {} : { type }),
    ...(idempotencyKey === '' ? {} : { idempotencyKey }),
    ...(schemaVersion === '' ? {} : { schemaVersion: Number(schemaVersion) }),
    ...(simulated === 'none' ? {} : { simulateFailure: simulated === 'all' ? 'all' : Number(simulated) }),
  });
}
