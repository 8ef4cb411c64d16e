import type { Accepted } from '@sluice/contracts/api';
import type { JsonValue } from '@sluice/contracts/json';
import type { DryRun } from '@sluice/contracts/sources-api';
import { sendDryRun, sendWritten } from '../../data/http.ts';
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
  return sendWritten<Accepted>('POST', '/api/events', writeSubmission(draft));
}

/** Asks what would become of a draft. @throws Failure */
export function checkDraft(draft: Draft): Promise<DryRun> {
  return sendDryRun<DryRun>('/api/mappings/dry-run', writeTrial(draft));
}

/** Writes what is sent of a draft. @throws SyntaxError when the payload is no JSON */
export function writeSubmission(draft: Draft): string {
  const { type, idempotencyKey, simulated } = draft;
  return writeBody(draft, {
    ...(type === '' ? {} : { type }),
    ...(idempotencyKey === '' ? {} : { idempotencyKey }),
    ...(simulated === 'none' ? {} : { simulateFailure: simulated === 'all' ? 'all' : Number(simulated) }),
  });
}

/** Writes what is asked of a draft. @throws SyntaxError when the payload is no JSON */
export function writeTrial(draft: Draft): string {
  return writeBody(draft, {});
}

/** The payload stands there as it was typed, so that its numbers keep all their digits. */
function writeBody({ source, schemaVersion, text }: Draft, more: object): string {
  JSON.parse(text);
  const version = schemaVersion === '' ? {} : { schemaVersion: Number(schemaVersion) };
  const rest = JSON.stringify({ source, ...version, ...more });
  return `${rest.slice(0, -1)},"payload":${text}}`;
}
