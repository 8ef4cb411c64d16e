import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadSourcesFile, parseSourcesFile, SourcesFileError } from './sources-file.ts';

/** What is said of the source that these fields describe, with the line in the block. */
function explain(fields: string): string[] {
  const block = fields
    .trim()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  const problems = problemsOf(`sources:\n  - id: a\n${block}\n`);
  return problems.map(
    ({ line, path, detail }) => `${line - 2} ${path.replace('sources[0].', '')}: ${detail}`,
  );
}

function problemsOf(text: string) {
  try {
    parseSourcesFile(text);
  } catch (error) {
    if (error instanceof SourcesFileError) return error.problems;
    throw error;
  }
  throw new Error('no SourcesFileError was thrown');
}

const GOOD = `
sources:
  - { id: github, kind: push, scheme: github, secrets: [{ env: GITHUB_WEBHOOK_SECRET }] }
  - id: erp
    kind: poll
    url: http://127.0.0.1:9000/orders
    allowPrivate: true
    schedule: "*/5 * * * * *"
    recordsPath: data.items
    idPath: id
    cursor: { kind: timestamp, param: since, path: updated_at }
`;

describe('parseSourcesFile', () => {
  test('reads sources with their defaults', () => {
    const [github, erp] = parseSourcesFile(GOOD);
    expect(github).toMatchObject({ id: 'github', tenant: 'default', schemaVersion: 1 });
    expect(erp).toMatchObject({ kind: 'poll', pageSize: 100, cursor: { lookback: 60 } });
  });

  test.each(['', '# nothing yet\n', '---\n'])('takes %j for no sources', (text) => {
    expect(parseSourcesFile(text)).toEqual([]);
  });

  test('tells every problem at once, each with path and line', () => {
    const text = `sources:
  - id: "a b"
    kind: push
  - id: erp
    kind: poll
    url: ftp://erp
    shedule: "* * * * * *"
    idPath: id
    cursor: { kind: timestamp, param: since, pth: x }
  - kind: pull
extra: 1
`;
    const problems = problemsOf(text).map(({ line, path, detail }) => `${line} ${path}: ${detail}`);
    expect(problems).toHaveLength(8);
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^2 sources\[0\]\.id: /),
        expect.stringMatching(/^4 sources\[1\]\.schedule: missing; /),
        expect.stringMatching(/^6 sources\[1\]\.url: /),
        '7 sources[1].shedule: unknown; did you mean schedule?',
        expect.stringMatching(/^9 sources\[1\]\.cursor\.path: missing; /),
        expect.stringMatching(
          /^9 sources\[1\]\.cursor\.pth: unknown; known are kind, param, path, lookback$/,
        ),
        '10 sources[2].kind: expected push or poll',
        '11 extra: unknown; known are sources',
      ]),
    );
  });

  test('refuses an id that is declared twice and says where it was first', () => {
    const text =
      'sources:\n  - { id: a, kind: push }\n  - { id: b, kind: push }\n  - { id: a, kind: push }\n';
    expect(problemsOf(text)).toEqual([
      { line: 4, path: 'sources[2].id', detail: 'a is declared in line 2 already' },
    ]);
  });

  test.each([
    ['a signed source without a secret', 'scheme: github', 'needs a secret'],
    ['secrets that nothing checks', 'secrets: [{ value: hunter2 }]', 'secrets without a scheme'],
    [
      'a secret of both kinds',
      'scheme: github, secrets: [{ value: hunter2, env: A }]',
      'either value or env',
    ],
    ['a secret of neither kind', 'scheme: github, secrets: [{ valeu: hunter2 }]', 'either value or env'],
    [
      'a bad expiry',
      'scheme: github, secrets: [{ value: hunter2, expiresAt: soon }]',
      'expected a time like',
    ],
  ])('refuses %s and never shows the secret', (_name, fields, detail) => {
    const problems = problemsOf(`sources:\n  - { id: a, kind: push, ${fields} }\n`);
    expect(problems[0]?.detail).toContain(detail);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  test('tells the line of broken YAML without quoting it', () => {
    const problems = problemsOf('sources:\n  - id: a\n    kind: [push\n    secrets: [{ value: hunter2 }]\n');
    expect(problems[0]?.line).toBeGreaterThan(1);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  test('refuses aliases that multiply without bound', () => {
    const bomb = Array.from(
      { length: 9 },
      (_, n) => `x${n + 1}: &x${n + 1} [${Array(9).fill(`*x${n}`).join(', ')}]`,
    );
    expect(problemsOf(`x0: &x0 [1]\n${bomb.join('\n')}\n`)[0]?.detail).toBe('too many aliases');
  });

  test.each(['[]', 'text', '1', 'sources: 1', 'sources: [1]'])('refuses %j as a file', (text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });
});

const PUSH = 'kind: push\n';
const SHOP = `${PUSH}secrets: [{ value: hunter2 }]\n`;
const POLL = `kind: poll
url: https://erp.example.com/orders
schedule: "0 * * * * *"
idPath: id
cursor: { kind: id, param: after, path: id }
`;

describe('what is wrong inside a source', () => {
  test.each([
    ['kind: pusch', '1 kind: expected push or poll'],
    [
      `${SHOP}scheme: githb`,
      '3 scheme: expected none, basic, api-key, standard-webhooks, github, stripe, shopify or slack; did you mean github?',
    ],
    [`${SHOP}scheme: hmac`, '3 scheme: hmac needs to know how: { type: hmac, header: name-of-the-header }'],
    [
      `${SHOP}scheme: { type: hmak }`,
      '3 scheme.type: expected none, basic, api-key, hmac, standard-webhooks, github, stripe, shopify or slack',
    ],
    [`${SHOP}scheme: { header: x-sig }`, '3 scheme.type: missing; expected none, basic'],
    [
      `${SHOP}scheme:\n  type: hmac\n  header: x-sig\n  encodng: hex`,
      '6 scheme.encodng: unknown; did you mean encoding?',
    ],
    [`${SHOP}scheme: { type: github, header: x-sig }`, '3 scheme.header: unknown; known are type'],
    [`${SHOP}scheme: { type: hmac }`, '3 scheme.header: missing; '],
    [`${SHOP}scheme: { type: hmac, header: "a b" }`, '3 scheme.header: expected the name of a header'],
    [
      `${SHOP}scheme: { type: hmac, header: x, encoding: hexx }`,
      '3 scheme.encoding: expected hex, base64 or base64url',
    ],
    [
      `${SHOP}scheme: { type: hmac, header: x, content: "{time}.{body}" }`,
      '3 scheme.content: {time} stands for nothing',
    ],
    [
      `${SHOP}scheme: { type: hmac, header: x, content: "{timestamp}.{body}" }`,
      '3 scheme.timestampHeader: expected the header that holds {timestamp}',
    ],
    [
      `${SHOP}scheme: { type: hmac, header: x, timestampHeader: y }`,
      '3 scheme.content: expected {timestamp}',
    ],
    [`${SHOP}scheme: basic`, '2 secrets[0].value: expected user:password'],
    [`${PUSH}scheme: basic`, '0 : '],
    [`${SHOP}scheme: standard-webhooks\nbodies: [jsn]`, '4 bodies[0]: expected json, form or text'],
    [
      `${PUSH}scheme: standard-webhooks\nsecrets: [{ value: "whsec_hunter2!" }]`,
      '3 secrets[0].value: expected base64',
    ],
    [
      `${PUSH}scheme: standard-webhooks\nsecrets: [{ value: whpk_aHVudGVyMg== }]`,
      '3 secrets[0].value: expected base64',
    ],
    [`${PUSH}scheme: github\nsecrets: [{ value:hunter2 }]`, '3 secrets[0]: expected either value or env'],
    [`${PUSH}rateLimit: 5`, '2 rateLimit: '],
    [`${POLL}auth: { type: bearer, secret:hunter2 }`, '6 auth: a space is missing after secret:'],
    [
      `${POLL}auth: { type: bearer, secret: { valeu: hunter2 } }`,
      '6 auth.secret: expected either value or env',
    ],
    [
      `${POLL}auth: { type: bearer, secret: { value: hunter2, x: 1 } }`,
      '6 auth.secret: something in it is unknown; known are value, env; a value with a comma needs quotes',
    ],
    [
      `${PUSH}scheme: github\nsecrets: [{ value: one,hunter2 }]`,
      '3 secrets[0]: something in it is unknown; known are value, expiresAt, env; a value with a comma needs quotes',
    ],
    [`${POLL}auth: { type: bearer, secret: { value: one,hunter2 } }`, '6 auth.secret: something in it is'],
    [
      `${PUSH}scheme: github\nsecrets: [{ value: hunter2, expiresat: "2027-01-01T00:00:00Z" }]`,
      '3 secrets[0].expiresat: unknown; did you mean expiresAt?',
    ],
    [`${POLL}auth: { type: bearer, secret: hunter2 }`, '6 auth.secret: expected either value or env'],
    [
      `${POLL}auth: { type: basic, username: "a:b", secret: { value: hunter2 } }`,
      '6 auth.username: a user name cannot',
    ],
    [POLL.replace('https://', 'https://me:hunter2@'), '2 url: a password here could be read by others'],
    [POLL.replace('0 * * * * *', '99 * * * * *'), '3 schedule: 99 is a invalid'],
    [POLL.replace('kind: id,', 'kind: ids,'), '5 cursor.kind: expected timestamp, id, page or link'],
    [
      POLL.replace('kind: id,', 'kind: timestamp, lookbak: 5,'),
      '5 cursor.lookbak: unknown; did you mean lookback?',
    ],
    [POLL.replace('path: id', 'path: a..b'), '5 cursor.path: expected names with dots between them'],
    [`${POLL}format: csv\nrecordsPath: items`, '7 recordsPath: csv has no such path'],
  ])('%s', (fields, expected) => {
    const problems = explain(fields);
    if (fields.includes('hunter2')) expect(problems.join('\n')).not.toContain('hunter2');
    if (expected !== '0 : ') expect(problems).toContainEqual(expect.stringContaining(expected));
    else expect(problems).toEqual([expect.stringMatching(/secrets: scheme basic needs a secret/)]);
  });
});

describe('what is wrong inside a mapping', () => {
  test.each([
    ['fields: { a: { from: x } }', '1 mapping.type: missing; '],
    ['type: t\nfields: {}', '2 mapping.fields: expected at least one field'],
    ['type: t\nfields: { a: { form: x } }', '2 mapping.fields.a.form: unknown; did you mean from?'],
    ['type: t\nfields: { a: { origin: x } }', '2 mapping.fields.a.origin: unknown; known are from, as, '],
    ['type: t\nfields: { a: { from: [x, 5] } }', '2 mapping.fields.a.from[1]: '],
    [
      'type: t\nfields:\n  a: { from: x }\n  b: { from: y, as: nummer }',
      '4 mapping.fields.b.as: expected string, number, integer, boolean, date or any',
    ],
    [
      'type: t\nfields: { a: { from: x..y } }',
      '2 mapping.fields.a.from[0]: expected names with dots between them',
    ],
    ['type: t\nfields: { a: { from: [x, "y\\\\"] } }', '2 mapping.fields.a.from[1]: '],
    ['type: t\nfields: { "a.b": { from: x } }', '2 mapping.fields.a.b: expected a letter or _'],
    [
      'type: t\nfields: { at: { from: x, as: date, zone: Mars/Base } }',
      '2 mapping.fields.at.zone: there is no such time zone',
    ],
    [
      'type: t\nfields: { at: { from: x, as: date, formats: ["dd.MM"] } }',
      '2 mapping.fields.at.formats[0]: expected a year among the tokens',
    ],
    [
      'type: t\nfields: { at: { from: x, formats: [iso] } }',
      '2 mapping.fields.at.as: formats and zone are for dates',
    ],
    ['type: t\nfields: { timestamp: { from: x } }', '2 mapping.fields.timestamp.as: expected date'],
    [
      'type: t\nfields: { a: { from: x } }\ndedupe: { fields: [b] }',
      '3 mapping.dedupe.fields[0]: there is no field b',
    ],
    [
      'type: t\nfields: { a: { from: x } }\nversions: { v2: { fields: {} } }',
      '3 mapping.versions.v2: expected a schema version',
    ],
    [
      'type: t\nfields: { a: { from: x } }\nversions: { 2: { fields: { a: { from: ".x" } } } }',
      '3 mapping.versions.2.fields.a.from[0]: expected names with dots between them',
    ],
  ])('%s', (mapping, expected) => {
    const block = mapping
      .split('\n')
      .map((line) => `  ${line}`)
      .join('\n');
    const problems = explain(`kind: push\nmapping:\n${block}`);
    const [, line = '0', rest] = /^(\d+) (.*)$/s.exec(expected) ?? [];
    const lineInMapping = `${Number(line) + 2} ${rest}`;
    expect(problems).toContainEqual(
      expect.stringContaining(lineInMapping.replace('3 mapping.type', '2 mapping.type')),
    );
  });
});

test('takes a source with everything that may be said', () => {
  const text = `sources:
  - id: shop
    kind: push
    scheme: { type: hmac, header: X-Signature, content: "{timestamp}.{header:x-id}.{body}", timestampHeader: x-time }
    secrets: [{ value: one, expiresAt: "2027-01-01T00:00:00Z" }, { env: SHOP_SECRET }]
    bodies: [json, form, text]
    rateLimit: { perSecond: 5 }
    mapping:
      type: sale
      fields:
        amount: { from: [price.gross, 'a\\.b.0'], as: number, decimal: "," }
        timestamp: { from: at, as: date, formats: ["dd.MM.yyyy HH:mm", millis], zone: Europe/Berlin }
      versions: { 2: { fields: { amount: { from: total, as: number } } } }
      dedupe: { fields: [amount, timestamp] }
`;
  const [shop] = parseSourcesFile(text);
  expect(shop).toMatchObject({
    scheme: { header: 'x-signature', hash: 'sha256' },
    mapping: { keepUnknown: true },
  });
});

describe('numbers that would be others than were written', () => {
  const mapped = (field: string) => `kind: push\nmapping:\n  type: t\n  fields:\n    a: ${field}`;

  test.each([
    ['{ from: x, default: 12345678901234567890 }', '5 mapping.fields.a.default: the number has more digits'],
    ['{ from: x, default: &big 9007199254740993 }', '5 mapping.fields.a.default: the number has more digits'],
    ['{ from: x, default: 0x20000000000001 }', '5 mapping.fields.a.default: the number has more digits'],
    [
      '{ from: x, blank: [-1, +9007199254740993] }',
      '5 mapping.fields.a.blank[1]: the number has more digits',
    ],
  ])('are refused: %s', (field, expected) => {
    expect(explain(mapped(field))).toEqual([expect.stringContaining(expected)]);
  });

  test('are not those that are kept, however they are written', () => {
    const blank = '[9007199254740991, 0x1fffffffffffff, 1e20, -9.99e30, "12345678901234567890"]';
    const text = mapped(`{ from: x, default: 9007199254740992, blank: ${blank} }`).replaceAll('\n', '\n    ');
    expect(parseSourcesFile(`sources:\n  - id: a\n    ${text}\n`)).toMatchObject([{ id: 'a' }]);
  });
});

describe('loadSourcesFile', () => {
  test('takes a missing default file for no sources', async () => {
    expect(await loadSourcesFile('sluice.sources.yaml')).toEqual([]);
  });

  test('refuses another file that is missing', async () => {
    await expect(loadSourcesFile('/nowhere/mine.yaml')).rejects.toThrow(/mine\.yaml:1 there is no such file/);
  });

  test('refuses one that is not UTF-8, with the line, where letters would become others', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-sources-'));
    const file = join(folder, 'latin1.yaml');
    const text = 'sources:\n  - id: grün\n    kind: push\n    scheme: none\n';
    await writeFile(file, Buffer.from(text, 'latin1'));
    await expect(loadSourcesFile(file)).rejects.toThrow(/latin1\.yaml:2 the file is not UTF-8/);
    await writeFile(file, text.replace('ü', 'ue'));
    expect(await loadSourcesFile(file)).toMatchObject([{ id: 'gruen' }]);
    await rm(folder, { recursive: true });
  });
});
