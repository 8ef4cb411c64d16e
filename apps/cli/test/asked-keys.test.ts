import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createdApiKeySchema } from '@sluice/contracts/access';
import { makeTestFolder } from '@sluice/local/test-folder';
import { beforeAll, expect, it } from 'vitest';
import { startCliStack } from './stack.ts';

const ADMIN = `slk_${randomBytes(6).toString('hex')}_${randomBytes(32).toString('base64url')}`;
const WRONG = `slk_${randomBytes(6).toString('hex')}_${randomBytes(32).toString('base64url')}`;
const cli = await startCliStack({ AUTH: 'on', BOOTSTRAP_ADMIN_KEY: ADMIN });

const EVENT = `evt_${'0'.repeat(32)}`;
/** Of each command the arguments, the role that it takes, and how it ends for who has that; null: not by itself. */
const COMMANDS: readonly (readonly [readonly string[], 'viewer' | 'operator' | 'admin', number | null])[] = [
  [['send', '-s', 'shop', '{"a":1}'], 'viewer', 0],
  [['import', 'rows.ndjson', '-s', 'shop'], 'viewer', 0],
  [['tail'], 'viewer', null],
  [['events', 'list'], 'viewer', 0],
  [['events', 'show', EVENT], 'viewer', 5],
  [['sources', 'list'], 'viewer', 0],
  [['sources', 'show', 'filed'], 'viewer', 0],
  [['sources', 'test', 'filed', 'payload.json'], 'viewer', 0],
  [['sources', 'apply', 'sources.yaml'], 'operator', 0],
  [['sources', 'poll', 'filed'], 'operator', 6],
  [['sources', 'pause', 'filed'], 'operator', 6],
  [['sources', 'resume', 'filed'], 'operator', 6],
  [['mappings', 'rollback', 'filed'], 'viewer', 6],
  [['mappings', 'retire', 'filed', '1'], 'operator', 5],
  [['rejections', 'list'], 'viewer', 0],
  [['ledger'], 'viewer', 0],
  [['replay', EVENT], 'operator', 5],
  [['replay', '--all', '--dry-run'], 'operator', 0],
  [['replay', 'op_000000000000000000000000'], 'viewer', 5],
  [['keys', 'list'], 'admin', 0],
  [['keys', 'create', 'till', '--role', 'sender'], 'admin', 0],
  [['keys', 'revoke', 'slk_000000000000'], 'admin', 5],
];

let viewer: string;
let cwd: string;

beforeAll(async () => {
  const response = await fetch(new URL('/api/keys', cli.stack.apiUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'watcher', role: 'viewer' }),
  });
  viewer = createdApiKeySchema.parse(await response.json()).key;
});

/** Makes the folder that the commands are run in: an import leaves its state there. */
async function newFolder(): Promise<string> {
  cwd = await makeTestFolder();
  await writeFile(join(cwd, 'rows.ndjson'), '{"a":1}\n');
  await writeFile(join(cwd, 'payload.json'), '{"metric":"m","amount":1}');
  await writeFile(join(cwd, 'sources.yaml'), 'sources: [{ id: applied, kind: push }]\n');
  return cwd;
}

async function run(args: readonly string[], key: string | undefined) {
  return cli.sluice(args, { cwd, env: key === undefined ? {} : { SLUICE_API_KEY: key } });
}

/** Runs all of them, two at a time. */
async function runAll(commands: typeof COMMANDS, key: string | undefined) {
  await newFolder();
  const open = commands.entries();
  const ended = new Map<string, Awaited<ReturnType<typeof run>>>();
  const work = async () => {
    for (const [, [args]] of open) ended.set(args.join(' '), await run(args, key));
  };
  await Promise.all([work(), work()]);
  return ended;
}

it.each([
  ['no key', undefined, 'No valid API key was given. Give a key by SLUICE_API_KEY or --key-file.'],
  [
    'a wrong key',
    WRONG,
    'The key is not valid, or no longer. Ask an admin for another one, and give it by SLUICE_API_KEY or --key-file.',
  ],
])('ends every command with 4 and a sentence that says what to do: %s', async (_name, key, sentence) => {
  for (const [command, { code, stdout, stderr }] of await runAll(COMMANDS, key)) {
    expect([code, stdout, stderr], command).toEqual([4, '', `sluice: ${sentence}\n`]);
  }
});

it('ends what takes more than a viewer with 4, and names the role', async () => {
  const beyond = COMMANDS.filter(([, role]) => role !== 'viewer');
  const ended = await runAll(beyond, viewer);
  for (const [args, role] of beyond) {
    const command = args.join(' ');
    const { code, stdout, stderr } = ended.get(command) ?? {};
    const sentence = `sluice: This takes the role ${role}; the key has viewer. Ask an admin for a key that may.\n`;
    expect([code, stdout, stderr], command).toEqual([4, '', sentence]);
  }
});

it('does with a key what the key may do', async () => {
  const ending = COMMANDS.filter(([, , wanted]) => wanted !== null);
  for (const [commands, key] of [
    [ending.filter(([, role]) => role === 'viewer'), viewer],
    [ending.filter(([, role]) => role !== 'viewer'), ADMIN],
  ] as const) {
    const ended = await runAll(commands, key);
    for (const [args, , wanted] of commands) {
      const { code, stderr } = ended.get(args.join(' ')) ?? {};
      expect(code, `${args.join(' ')}: ${stderr}`).toBe(wanted);
    }
  }
});

it('asks the stores themselves for no key', async () => {
  await newFolder();
  expect(await run(['migrate'], undefined)).toMatchObject({ code: 0 });
  expect(await run(['doctor', '--skip', 'settings'], undefined)).toMatchObject({ code: 0 });
});
