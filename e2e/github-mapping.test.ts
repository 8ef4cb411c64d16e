import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import examples from '@octokit/webhooks-examples' with { type: 'json' };
import type { JsonValue } from '@sluice/contracts/json';
import { createTrialNormalizer } from '@sluice/normalizer/trial-normalizer';
import { parseSourcesFile } from '@sluice/sources/sources-file';
import { expect, it } from 'vitest';

const FILE = resolve(import.meta.dirname, '../docs/examples/github.sources.yaml');
const EVENT = {
  tenant: 'default',
  source: 'github',
  schemaVersion: 1,
  receivedAt: '2026-11-21T12:00:00.000Z',
  contentHash: 'c1',
};

type Payload = { readonly [key: string]: Payload | string | number | null | undefined };
const deliveries = (examples as unknown as readonly { name: string; examples: readonly Payload[] }[]).flatMap(
  ({ name, examples: payloads }) =>
    payloads.map((payload, index) => ({ name: `${name} ${index + 1}`, payload })),
);

async function createExample() {
  const [source] = parseSourcesFile(await readFile(FILE, 'utf8'), FILE);
  if (source?.mapping === undefined) throw new Error('The example declares no mapping.');
  return createTrialNormalizer({ revision: null, mapping: source.mapping });
}

/** Reads a text as JavaScript does, without the engine's paths. */
function text(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function login(value: unknown): string | null {
  return typeof value === 'object' && value !== null && 'login' in value ? text(value.login) : null;
}

it("maps every payload of GitHub's own examples", async () => {
  const normalizer = await createExample();
  expect(deliveries.length).toBeGreaterThan(300);
  for (const { name, payload } of deliveries) {
    const result = normalizer.normalize({ ...EVENT, payload: payload as JsonValue });
    if (result.kind !== 'record') throw new Error(`${name}: ${JSON.stringify(result)}`);
    const { record } = result;
    const repository = text((payload['repository'] as Payload | undefined)?.['full_name']);
    const pusher = text((payload['pusher'] as Payload | undefined)?.['name']);
    expect(record, name).toMatchObject({ type: 'github', subject: repository });
    expect(record.data, name).toMatchObject({
      action: text(payload['action']),
      repository,
      organization: login(payload['organization']),
      actor: login(payload['sender']) ?? pusher,
    });
    expect(Object.keys(record.data as object).sort(), name).toEqual(
      ['action', 'actor', 'commit', 'number', 'organization', 'ref', 'repository'].sort(),
    );
  }
});

it.each([
  ['issues 1', { action: 'edited', number: 1, actor: 'Codertocat' }, '2019-05-15T15:20:18.000Z'],
  ['push 1', { ref: 'refs/tags/simple-tag', actor: 'Codertocat', number: null }, '2019-05-15T15:20:41.000Z'],
] as const)('reads %s', async (name, data, timestamp) => {
  const delivery = deliveries.find((one) => one.name === name);
  const normalizer = await createExample();
  const result = normalizer.normalize({ ...EVENT, payload: delivery?.payload as JsonValue });
  if (result.kind !== 'record') throw new Error(JSON.stringify(result));
  expect(result.record.data).toMatchObject(data);
  expect(result.record.timestamp).toBe(timestamp);
});
