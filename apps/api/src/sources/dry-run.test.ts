import { mappingSchema } from '@sluice/contracts/mapping';
import { expect, it } from 'vitest';
import { runDry } from './dry-run.ts';

const mapping = (as: string) => mappingSchema.parse({ type: 't', fields: { x: { from: 'a', as } } });

function dry(payloadText: string, as?: string) {
  const active = as === undefined ? null : { revision: null, mapping: mapping(as) };
  return runDry({
    ...{ tenant: 'default', source: 'shop', active, workers: {}, payloadText, schemaVersion: 1 },
    nowMs: Date.parse('2026-01-01T00:00:00Z'),
  });
}

it.each(['number', 'string'])('says of an infinite number as %s what a worker does', (as) => {
  expect(dry('{"a":1e999}', as)).toMatchObject({ ok: false, errors: [{ code: 'ERR_FIELD_UNREADABLE' }] });
});

it('warns of digits that get lost', () => {
  expect(dry('{"a":9007199254740993}')).toMatchObject({
    ok: true,
    warnings: [{ code: 'WARN_NUMBER_ROUNDED' }],
  });
});
