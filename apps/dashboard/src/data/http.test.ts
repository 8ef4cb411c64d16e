import { expect, it } from 'vitest';
import { read, send, sendDryRun, sendWritten } from './http.ts';

/** Nothing can listen on it: fetch refuses the port. */
const NOBODY = 'http://127.0.0.1:1/';

const message = (answer: Promise<unknown>) => answer.catch((error: Error) => error.message);

it('promises another attempt only for what is read', async () => {
  expect(await message(read(NOBODY))).toContain('tried again by itself');
  for (const asked of [send('DELETE', NOBODY), sendWritten('POST', NOBODY, '{}')]) {
    const said = await message(asked);
    expect(said).toContain('not known whether this was done');
    expect(said).not.toContain('by itself');
  }
  expect(await message(sendDryRun(NOBODY, '{}'))).toContain('Nothing was changed');
});
