import { randomInt } from 'node:crypto';
import { Validator } from '@seriousme/openapi-schema-validator';
import { ROLES } from '@sluice/contracts/access';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { runFuzz } from '../fuzz/run-fuzz.ts';
import { findSchemathesis } from '../fuzz/schemathesis.ts';
import { startTestStack, type TestStack } from '../test-stack.ts';
import { createValidator, toErrors, toPlace } from './answer-check.ts';
import { type Client, createClient, drawKey } from './client.ts';
import { type ApiDocument, listOperations, type Media, type Operation, readDocument } from './document.ts';
import { walk } from './walk.ts';
import { makeWorld, type World } from './world.ts';

/** What any request can be answered, whatever it is to. */
const ANY = ['400', '408', '431', '500'];
/** A route that asks for a key, and one that takes a body, can answer these too. */
const GUARDED = ['401', '403', '503'];
const WITH_BODY = ['413', '415'];

const MINUTE_MS = 60_000;

describe('the description of the api', () => {
  const key = drawKey();
  let sluice: TestStack;
  let document: ApiDocument;
  let operations: readonly Operation[];
  let client: Client;
  let world: World;

  beforeAll(async () => {
    sluice = await startTestStack({
      env: { AUTH: 'on', BOOTSTRAP_ADMIN_KEY: key, RETRY_ATTEMPTS: '1' },
      workers: 1,
    });
    document = await readDocument(sluice.stack.apiUrl);
    operations = listOperations(document);
    client = createClient(sluice.stack.apiUrl, key);
    world = await makeWorld(client);
  });

  it('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('says of every operation what it is called, what it is for and who may use it', () => {
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { operationId, summary, tags = [], security, description = '', ...rest } of operations) {
      const role = rest['x-role'];
      expect(operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(summary, operationId).toBeTruthy();
      expect(tags, operationId).toHaveLength(1);
      expect([...ROLES, 'anybody'], operationId).toContain(role);
      expect(security, operationId).toHaveLength(role === 'anybody' ? 0 : 2);
      if (role !== 'anybody') expect(description, operationId).toContain(`Takes the role \`${role}\``);
    }
  });

  it('names every status that a request can be refused with before it is looked at', () => {
    for (const { operationId, method, path, security = [], responses } of operations) {
      const expected = [
        ...ANY,
        ...(security.length > 0 ? GUARDED : []),
        ...(method === 'get' ? [] : WITH_BODY),
        ...(path.includes('{') ? ['404'] : []),
      ];
      expect(Object.keys(responses), operationId).toEqual(expect.arrayContaining(expected));
    }
  });

  it('holds only schemas that can be checked with, and examples that are as they say', () => {
    const ajv = createValidator(document);
    const wrong: string[] = [];
    function check(content: Readonly<Record<string, Media>>, ...place: readonly string[]): void {
      for (const [type, media] of Object.entries(content)) {
        const schema = toPlace('paths', ...place, 'content', type, 'schema');
        const validate = ajv.getSchema(schema);
        if (validate === undefined) wrong.push(`${schema} is missing`);
        else if ('example' in media && !validate(media.example))
          wrong.push(`${schema}: ${toErrors(validate)}`);
      }
    }
    for (const { path, method, requestBody, responses, parameters = [] } of operations) {
      check(requestBody?.content ?? {}, path, method, 'requestBody');
      for (const [status, { content = {} }] of Object.entries(responses)) {
        check(content, path, method, 'responses', status);
      }
      for (const index of parameters.keys()) {
        ajv.getSchema(toPlace('paths', path, method, 'parameters', `${index}`, 'schema'));
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is kept by every operation, asked with its own example about things that exist', async () => {
    const outcomes = await walk(operations, { client, apiUrl: sluice.stack.apiUrl, key, world });
    expect(outcomes.filter(({ isExpected }) => !isExpected)).toEqual([]);
    expect(outcomes).toHaveLength(operations.length);
  });

  it('is kept by every operation, asked what nobody would ask', { timeout: 5 * MINUTE_MS }, async ({
    signal,
  }) => {
    const seed = randomInt(1, 2 ** 31);
    const say = (text: string) => process.stdout.write(`${text}\n`);
    say(`Seed ${seed}; again, and longer, with: npm run test:fuzz -- --seed ${seed}`);
    const env = inject('hostEnv');
    const schemathesis = await findSchemathesis({ env, say, signal });
    const report = await runFuzz({
      ...{ apiUrl: sluice.stack.apiUrl, key, world, schemathesis, seed, env, signal },
      ...{ maxExamples: 2, phases: ['fuzzing'] },
    });
    say(report.summary);
    expect(report.ok, report.output).toBe(true);
    expect(report.summary).toMatch(/^(\d+) of \1 operations/);
  });
});
