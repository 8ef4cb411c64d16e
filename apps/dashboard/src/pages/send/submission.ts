import type { Accepted } from '@sluice/contracts/api';
import { send } from '../../data/http.ts';

/** How many attempts shall fail, as a select has it. */
export type Simulated = 'none' | '1' | '3' | 'all';

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

/** Reads the value of the select. */
export function toSimulated(value: string): Simulated {
  return value === '1' || value === '3' || value === 'all' ? value : 'none';
}

/** Says what is wrong with a draft before anything is sent; undefined when nothing is. */
export function findFault({ source, schemaVersion, text }: Draft): string | undefined {
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(source)) return 'The source needs a name of A-Z a-z 0-9 _ . -';
  if (schemaVersion !== '' && !/^[1-9]\d{0,4}$/.test(schemaVersion))
    return 'A schema version is a whole number.';
  try {
    JSON.parse(text);
  } catch (error) {
    return `The payload is not valid JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  return undefined;
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
