import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { makeTestFolder } from '@sluice/local/test-folder';
import { describe, expect, it } from 'vitest';
import { EXIT_MEANINGS } from '../src/exit-codes.ts';
import { runSluice } from './sluice.ts';
import { startStubApi, toProblem } from './stub-api.ts';

describe('how the command ends', () => {
  it.each([
    [400, 2, 'ERR_QUERY_INVALID'],
    [401, 4, 'ERR_UNAUTHENTICATED'],
    [403, 4, 'ERR_FORBIDDEN'],
    [404, 5, 'ERR_NOT_FOUND'],
    [409, 6, 'ERR_SOURCE_EXISTS'],
    [412, 6, 'ERR_SOURCE_CHANGED'],
    [429, 3, 'ERR_RATE_LIMITED'],
    [500, 70, 'ERR_INTERNAL'],
    [503, 3, 'ERR_UNAVAILABLE'],
  ])('translates an answer of %i to exit code %i and one sentence', async (status, code, problem) => {
    const api = await startStubApi(() => ({ status, body: toProblem(status, problem, 'It is so') }));
    const ended = await runSluice(['ledger', '--json', '--url', api.url]);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(/^sluice: It is so\. ?.*\n$/);
  });

  it.each([
    [
      'nothing answers',
      ['ledger', '--url', 'http://127.0.0.1:1'],
      3,
      /cannot be reached \(.*\): start Sluice, or/,
    ],
    ['an option is unknown', ['ledger', '--jsn'], 2, /unknown option '--jsn' \(Did you mean --json\?\)/],
    ['an option is missing', ['import', 'x.csv'], 2, /required option '-s, --source <id>' not specified/],
    ['a value is wrong', ['events', 'list', '--limit', '0'], 2, /Expected a whole number from 1 to/],
    ['a rate is too low', ['verify', '--rate', '9'], 2, /Expected a whole number from 10 to 1000000\./],
    ['a replay is too slow', ['replay', '--all', '--rate', '0'], 2, /Expected a number from 0\.1 to 10000\./],
    ['a share is none', ['replay', '--all', '--stop-share', '7'], 2, /Expected a number from 0\.01 to 1\./],
    [
      'the address is none',
      ['ledger', '--url', 'localhost'],
      2,
      /--url is "localhost"; it must begin with http/,
    ],
    [
      'the key file is not there',
      ['ledger', '--key-file', '/no-folder/key'],
      2,
      /key file cannot be read: ENOENT/,
    ],
    ['a file is not there', ['import', '/no-folder/rows.csv', '-s', 'x'], 2, /cannot be read: ENOENT/],
    ['the argument is no JSON', ['send', '-s', 'x', '{a:1}'], 2, /not valid JSON; put it in single quotes/],
    ['an id is none', ['events', 'show', 'x'], 2, /Expected evt_ and 32 hex digits/],
    [
      'an event is to be cancelled',
      ['replay', `evt_${'0'.repeat(32)}`, '--cancel'],
      2,
      /--cancel takes the id of a replay/,
    ],
    [
      'a filter is to be cancelled',
      ['replay', '-s', 'x', '--reason', 'x', '--yes', '--cancel'],
      2,
      /--cancel takes/,
    ],
    ['nothing is to be cancelled', ['replay', '--cancel'], 2, /--cancel takes the id of a replay/],
    [
      'a replay is to be cancelled without being so',
      ['replay', `op_${'0'.repeat(24)}`, '--cancel', '--dry-run'],
      2,
      /--cancel takes/,
    ],
    ['there is nothing to replay', ['replay'], 2, /Say what to replay/],
    ['there is nobody to ask', ['keys'], 2, /Usage: sluice keys/],
  ])('says so when %s', async (_, args, code, sentence) => {
    const ended = await runSluice(args);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(sentence);
  });

  it('says that what answers is not Sluice, also when it redirects', async () => {
    const page = await startStubApi(() => ({ status: 200, body: '<html>' }));
    const redirect = await startStubApi(() => ({ status: 302, body: '', headers: { location: page.url } }));
    for (const { url } of [page, redirect]) {
      const ended = await runSluice(['ledger', '--url', url]);
      expect(ended).toMatchObject({ code: 3, stdout: '' });
      expect(ended.stderr).toContain('does not answer as Sluice does');
    }
  });

  it('sends the key of the environment, of a file, or of the command line, in this order of precedence', async () => {
    const api = await startStubApi(() => ({
      status: 401,
      body: toProblem(401, 'ERR_UNAUTHENTICATED', 'No.'),
    }));
    const env = { SLUICE_URL: api.url, SLUICE_API_KEY: 'from-env' };
    const keyFile = resolve(await makeTestFolder(), 'key');
    await writeFile(keyFile, 'from-file\n');
    const withKey = await runSluice(['ledger'], { env });
    await runSluice(['ledger', '--key-file', keyFile], { env });
    await runSluice(['ledger', '--key-file', keyFile, '--api-key', 'from-argv'], { env });
    const without = await runSluice(['ledger'], { env: { SLUICE_URL: api.url } });
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer from-env',
      'Bearer from-file',
      'Bearer from-argv',
      undefined,
    ]);
    expect(withKey.stderr).toContain(
      'Ask an admin for another one, and give it by SLUICE_API_KEY or --key-file.',
    );
    expect(without.stderr).toContain('Give a key by SLUICE_API_KEY or --key-file.');
  });

  it('lists every way in the help and in the docs', async () => {
    const { stdout, code } = await runSluice(['--help']);
    expect(code).toBe(0);
    const docs = await readFile(resolve(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
    for (const [exit, meaning] of EXIT_MEANINGS) {
      expect(stdout).toContain(`  ${`${exit}`.padEnd(4)} ${meaning}\n`);
      expect(docs).toContain(`| ${exit} | ${meaning} |`);
    }
  });
});
