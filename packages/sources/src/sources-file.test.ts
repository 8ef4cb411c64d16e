import { describe, expect, test } from 'vitest';
import { loadSourcesFile, parseSourcesFile, SourcesFileError } from './sources-file.ts';

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
    ['a bad expiry', 'scheme: github, secrets: [{ value: hunter2, expiresAt: soon }]', 'ISO datetime'],
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

describe('loadSourcesFile', () => {
  test('takes a missing default file for no sources', async () => {
    expect(await loadSourcesFile('sluice.sources.yaml')).toEqual([]);
  });

  test('refuses another file that is missing', async () => {
    await expect(loadSourcesFile('/nowhere/mine.yaml')).rejects.toThrow(/mine\.yaml:1 there is no such file/);
  });
});
