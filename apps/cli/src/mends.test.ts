import { ERRORS } from '@sluice/contracts/errors';
import { expect, it } from 'vitest';
import { toRefusal } from './api-client.ts';

/** What the api speaks of, and nobody at a command line sees or sends. */
const OF_REQUESTS =
  /`(?:detail|errors|results|instance|force|reason|env|ETag|If-Match|Retry-After|poll|Allow)`|\b(?:GET|POST|PUT|DELETE)\b/;

/** Those of routes that no command asks, and of secrets, whose `env` is a word of the sources file. */
const ELSEWHERE = ['ERR_METHOD_NOT_ALLOWED', 'ERR_SIGN_IN_LIMITED', 'ERR_SECRETS_KEY_MISSING'];

it('mends a refusal in the words of the command, whatever the api adds to it', () => {
  for (const [code, { mend }] of Object.entries(ERRORS)) {
    if (ELSEWHERE.includes(code)) continue;
    for (const detail of ['It is so', mend]) {
      expect(toRefusal(code, detail, true), `${code}: ${detail}`).not.toMatch(OF_REQUESTS);
    }
  }
});

it('names its own options where the api would name members of a request', () => {
  expect(toRefusal('ERR_MAPPING_NOT_TRIED', 'Revision 2 was not tried.', true)).toBe(
    'Revision 2 was not tried. Try it with sluice mappings trial and look at what fails, or activate it with --force REASON.',
  );
  expect(toRefusal('ERR_REPLAY_RUNNING', 'The replay op_1 has them in hand', true)).toBe(
    'The replay op_1 has them in hand. Wait for that replay, or cancel it with sluice replay ID --cancel; or narrow the filter so that the two cannot meet.',
  );
});

it('advises to check the address only where nothing says what is not there', () => {
  expect(toRefusal('ERR_NOT_FOUND', 'There is no source x.', true)).toBe('There is no source x.');
  expect(toRefusal('ERR_NOT_FOUND', ERRORS.ERR_NOT_FOUND.mend, true)).toContain('Check the address: ');
});
