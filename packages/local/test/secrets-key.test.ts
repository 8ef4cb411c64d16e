import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { StartError } from '../src/say.ts';
import { keepSecretsKey } from '../src/secrets-key.ts';
import { makeTestFolder } from '../src/test-folder.ts';

async function newFile(): Promise<string> {
  return join(await makeTestFolder(), 'secrets.key');
}

it('makes a key of 32 bytes that only its owner can read, and keeps it', async () => {
  const file = await newFile();
  const key = await keepSecretsKey(file);
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await keepSecretsKey(file)).toBe(key);
  expect(await keepSecretsKey(await newFile())).not.toBe(key);
});

it('refuses a file that holds no key', async () => {
  const file = await newFile();
  await writeFile(file, '');
  await expect(keepSecretsKey(file)).rejects.toThrow(StartError);
});
