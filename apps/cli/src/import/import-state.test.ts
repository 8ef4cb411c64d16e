import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../exit-codes.ts';
import { newState, readState, toStatePath, writeState } from './import-state.ts';

const kind = { source: 'shop', format: 'ndjson', encoding: 'utf-8', delimiter: ',' } as const;
let dir = '';
let file = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-state-'));
  file = join(dir, 'rows.ndjson');
  await writeFile(file, '1\n2');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('the state of an import', () => {
  it('is null before the import was begun, then what was written', async () => {
    expect(await readState(file, kind)).toBeNull();
    const state = { ...(await newState(file, kind)), offset: 2, line: 1 };
    await writeState(file, state);
    expect(await readState(file, kind)).toEqual(state);
  });

  it('holds while the file grows, and steps over the ending that a last line got since', async () => {
    const state = { ...(await newState(file, kind)), offset: 3, line: 2, done: true };
    await writeState(file, state);
    await appendFile(file, '\r\n3\n');
    expect(await readState(file, kind)).toEqual({ ...state, offset: 5 });
  });

  it.each([
    ['the file was changed', '9\n2\n3\n'],
    ['the file became shorter', '1'],
  ])('is refused when %s', async (_, content) => {
    await writeState(file, { ...(await newState(file, kind)), offset: 3, line: 2 });
    await writeFile(file, content);
    await expect(readState(file, kind)).rejects.toThrow(/which was changed since: --restart/);
  });

  it.each(['utf-8', 'utf-16le'] as const)(
    'is refused when its last line was not written to its end, in %s',
    async (encoding) => {
      const own = { ...kind, encoding };
      await writeFile(file, Buffer.from('1\n2,7', encoding));
      const offset = Buffer.from('1\n2,7', encoding).length;
      await writeState(file, { ...(await newState(file, own)), offset, line: 2, done: true });
      await appendFile(file, Buffer.from('00.00\n', encoding));
      const refused = readState(file, own);
      await expect(refused).rejects.toMatchObject({ exitCode: EXIT.usage });
      await expect(refused).rejects.toThrow(
        /rows.ndjson was imported when line 2 was not written to its end/,
      );
    },
  );

  it('is none while nothing was settled, whatever changed since', async () => {
    await writeState(file, await newState(file, kind));
    await writeFile(file, '9\n');
    expect(await readState(file, { ...kind, source: 'erp' })).toBeNull();
  });

  it('is refused for another source, and when it is cut off', async () => {
    await writeState(file, { ...(await newState(file, kind)), offset: 3, line: 2 });
    await expect(readState(file, { ...kind, source: 'erp' })).rejects.toThrow(/source "shop", not "erp"/);
    await writeFile(toStatePath(file), '{"version":1');
    await expect(readState(file, kind)).rejects.toThrow(/cannot be read: --restart/);
  });

  it('steps over the ending in UTF-16 too, and is refused for another encoding', async () => {
    await writeFile(file, Buffer.from('1\n2', 'utf16le'));
    const wide = { ...kind, encoding: 'utf-16le' };
    const state = { ...(await newState(file, wide)), offset: 6, line: 2, done: true };
    await writeState(file, state);
    await appendFile(file, Buffer.from('\r\n3\n', 'utf16le'));
    expect(await readState(file, wide)).toEqual({ ...state, offset: 10 });
    await expect(readState(file, kind)).rejects.toThrow(/encoding "utf-16le", not "utf-8"/);
  });

  it('of an earlier release is one of a file in UTF-8', async () => {
    const { encoding: _, ...earlier } = await newState(file, kind);
    await writeFile(toStatePath(file), JSON.stringify({ ...earlier, offset: 2, line: 1 }));
    expect(await readState(file, kind)).toMatchObject({ encoding: 'utf-8' });
  });
});
