import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventDetail, Ledger, NormalizedItem } from '@sluice/contracts/api';
import { makeTestFolder } from '@sluice/local/test-folder';
import { describe, expect, it, vi } from 'vitest';
import { startAsked } from './asked.ts';
import { startCliStack } from './stack.ts';

const cli = await startCliStack();

const READING = '{"metric":"sales","amount":"1,200.50","timestamp":"2026-01-02T03:04:05Z"}';

async function send(source: string, payload: string, ...options: readonly string[]): Promise<string> {
  const { code, value } = await cli.json(['send', '-s', source, payload, ...options]);
  expect(code).toBe(0);
  return (value as { id: string }).id;
}

describe('sluice send', () => {
  it('takes the JSON from the argument, a file or standard input, and recognises a repeat', async () => {
    const file = join(await makeTestFolder(), 'order.json');
    await writeFile(file, `\ufeff${READING}`);
    const first = await cli.json(['send', '-s', 'a', READING]);
    expect(first).toEqual({
      code: 0,
      value: { id: expect.any(String), status: 'accepted', duplicate: false },
    });
    for (const [args, input] of [[[file]], [['-'], READING], [[], READING]] as const) {
      const again = await cli.json(['send', '-s', 'a', ...args], input === undefined ? {} : { input });
      expect(again.value).toEqual({ ...(first.value as object), duplicate: true });
    }
    const text = await cli.sluice(['send', '-s', 'a', READING]);
    expect(text.stdout).toBe(`known already ${(first.value as { id: string }).id}\n`);
  });

  it('keeps numbers as they are written, and passes type, key and schema version on', async () => {
    const id = await send(
      'b',
      '{"n":12345678901234567890}',
      '--type',
      'count',
      '--key',
      'k 1',
      '--schema-version',
      '2',
    );
    await cli.settled();
    const { value } = await cli.json(['events', 'show', id]);
    const { raw, normalized } = value as EventDetail;
    expect(raw).toMatchObject({ idempotencyKey: 'k 1', keyOrigin: 'header', schemaVersion: 2 });
    expect(normalized?.type).toBe('count');
    const other = await send('b', '{"n":12345678901234567891}', '--type', 'count');
    expect(other).not.toBe(await send('b', '{"n":12345678901234567892}', '--type', 'count'));
  });

  it('sends what names its source itself as it is', async () => {
    const { code } = await cli.json(['send', '{"source":"c","payload":1}']);
    expect(code).toBe(0);
    const nameless = await cli.sluice(['send', '{"payload":1}']);
    expect(nameless).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('sluice events', () => {
  it('lists records over pages, and shows one', async () => {
    const ids = [];
    for (let n = 0; n < 5; n += 1) {
      ids.push(await send('lists', `{"metric":"m${n}","amount":${n},"timestamp":"2026-01-0${n + 1}"}`));
    }
    await cli.settled();
    const first = await cli.json(['events', 'list', '-s', 'lists', '-n', '2']);
    const page = first.value as { items: NormalizedItem[]; nextCursor: string };
    expect(page.items.map(({ id }) => id)).toEqual([ids[4], ids[3]]);
    const rest = await cli.json(['events', 'list', '-s', 'lists', '--cursor', page.nextCursor]);
    expect(rest.value).toMatchObject({
      items: [{ id: ids[2] }, { id: ids[1] }, { id: ids[0] }],
      nextCursor: null,
    });
    const all = await cli.sluice(['events', 'list', '-s', 'lists', '--all', '--json']);
    const lines = all.stdout.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as NormalizedItem).id)).toEqual(ids.toReversed());
    const window = await cli.json([
      'events',
      'list',
      '-s',
      'lists',
      '--from',
      '2026-01-02',
      '--to',
      '2026-01-03',
    ]);
    expect((window.value as { items: unknown[] }).items).toHaveLength(2);
    const text = await cli.sluice(['events', 'show', ids[0] ?? '']);
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(/status +normalized\n/);
    expect(text.stdout).not.toContain('\u001b');
  });

  it('lists raw events by status, and says that there is no such event', async () => {
    await send('raws', READING);
    await send('raws', READING.replace('"1,200.50"', '1200.5'));
    await cli.settled();
    const { value } = await cli.json(['events', 'list', '--status', 'duplicate', '-s', 'raws']);
    expect(value).toMatchObject({ items: [{ status: 'duplicate', source: 'raws' }], nextCursor: null });
    const unknown = await cli.sluice(['events', 'show', `evt_${'0'.repeat(32)}`]);
    expect(unknown).toMatchObject({ code: 5, stdout: '' });
    const mixed = await cli.sluice(['events', 'list', '--raw', '--type', 'x']);
    expect(mixed.code).toBe(2);
  });
});

describe('sluice ledger', () => {
  it('prints the balance, and ends with 0 while it holds', async () => {
    await send('counted', READING);
    await cli.settled();
    const { code, value } = await cli.json(['ledger']);
    const ledger = value as Ledger;
    expect(code).toBe(0);
    expect(ledger.accepted).toBe(ledger.normalized + ledger.duplicate + ledger.dead + ledger.inFlight);
    const text = await cli.sluice(['ledger']);
    expect(text.stdout).toMatch(/accepted +[\d,]+ +new events that are kept\n/);
    expect(text.stdout).toContain('The ledger balances; nothing is unaccounted for.\n');
  });
});

describe('sluice sources', () => {
  const declared = (amount: string): string => `sources:
  - id: applied
    kind: push
    mapping:
      type: sale
      fields:
        amount: { from: [${amount}], as: number, required: true }
      dedupe: { fields: [amount] }
  - { id: filed, kind: push, rateLimit: { perSecond: 5 } }
`;

  it('applies a file, changes nothing when it is applied again, and activates only a mapping that fits', async () => {
    const file = join(await makeTestFolder(), 'sources.yaml');
    await writeFile(file, declared('sum'));
    const planned = await cli.json(['sources', 'apply', file, '--dry-run']);
    expect(planned.value).toMatchObject({
      items: [{ id: 'applied', source: 'created', mapping: 'activated' }, {}],
    });
    const first = await cli.json(['sources', 'apply', file]);
    expect(first.code).toBe(1);
    expect(first.value).toMatchObject({
      items: [
        { id: 'applied', source: 'created', mapping: 'activated' },
        { id: 'filed', source: 'refused', note: expect.stringContaining('sources file') },
      ],
    });
    const again = await cli.json(['sources', 'apply', file]);
    expect(again.value).toMatchObject({ items: [{ source: 'unchanged', mapping: 'unchanged' }, {}] });
    await send('applied', '{"sum":1}');
    await cli.settled();
    await writeFile(file, declared('total'));
    const misfit = await cli.json(['sources', 'apply', file]);
    expect(misfit.value).toMatchObject({
      items: [
        {
          source: 'unchanged',
          mapping: 'refused',
          note: expect.stringContaining('1 of 1 stored events would fail'),
        },
        {},
      ],
    });
    const forced = await cli.json(['sources', 'apply', file, '--force', 'the sender changed']);
    expect(forced.value).toMatchObject({ items: [{ mapping: 'activated' }, {}] });
    const shown = await cli.json(['sources', 'show', 'applied']);
    expect(shown.value).toMatchObject({ id: 'applied', owner: 'api', mappingRevision: 2 });
    const list = await cli.sluice(['sources', 'list']);
    expect(list.stdout).toMatch(/^id +kind +owner/);
    expect(list.stdout).toMatch(/\napplied +push +api +revision 2/);
  });

  it('tries a payload on the active mapping and on that of a file', async () => {
    const dir = await makeTestFolder();
    const [file, payload] = [join(dir, 'sources.yaml'), join(dir, 'payload.json')];
    await writeFile(payload, '{"sum":"7"}');
    await writeFile(file, declared('sum').replace('applied', 'tried'));
    const fromFile = await cli.json(['sources', 'test', 'tried', payload, '--file', file]);
    expect(fromFile).toMatchObject({
      code: 0,
      value: { ok: true, record: { type: 'sale', data: { amount: 7 } } },
    });
    await writeFile(file, declared('total').replace('applied', 'tried'));
    const misfit = await cli.sluice(['sources', 'test', 'tried', payload, '--file', file]);
    expect(misfit.code).toBe(1);
    expect(misfit.stdout).toContain('There would be no record:\nERR_FIELD_REQUIRED');
    const stdin = await cli.json(['sources', 'test', 'filed', '-'], { input: READING });
    expect(stdin).toMatchObject({ code: 0, value: { ok: true } });
    expect((await cli.sluice(['sources', 'test', 'filed', payload, '--revision', '9'])).code).toBe(5);
    expect((await cli.sluice(['sources', 'test', 'nobody', payload, '--file', file])).code).toBe(5);
    await writeFile(file, 'sources: [{ id: x, kind: psh }]');
    const wrong = await cli.sluice(['sources', 'apply', file]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('sources.yaml:1');
  });
});

describe('sluice mappings', () => {
  const SALE = '{"type":"sale","fields":{"amount":{"from":"sum","as":"number","required":true}}}';

  it('drafts, tries, activates, rolls back and retires a mapping, and lists and shows its revisions', async () => {
    const post = (path: string, body: string) =>
      fetch(new URL(path, cli.stack.apiUrl), {
        ...{ method: 'POST', body, headers: { 'content-type': 'application/json' } },
      });
    const run = (...args: string[]) => cli.sluice(['mappings', ...args], { input: SALE });
    await post('/api/sources', '{"id":"led","kind":"push"}');
    await post('/api/sources/led/mapping', SALE.replace('sum', 'total'));
    await post('/api/sources/led/mapping/1/activate', '{}');
    await post('/api/events', '{"source":"led","payload":{"total":"7"}}');
    expect(await run('draft', 'led', '-')).toMatchObject({
      ...{ code: 0, stdout: 'led has a draft, revision 2.\n' },
    });
    await cli.settled();
    const trial = await run('trial', 'led', '2');
    expect(trial.code).toBe(1);
    expect(trial.stdout).toMatch(/tried +1 stored events, all there are\n.*\nfailed +1\n/);
    expect(trial.stdout).toContain('ERR_FIELD_REQUIRED 1 times: ');
    const activated = await run('activate', 'led', '2', '--force', 'the sender changed');
    expect(activated).toMatchObject({ code: 0, stdout: 'Revision 2 of led is active.\n' });
    expect((await run('show', 'led')).stdout).toMatch(/state +active\n[\s\S]*forced +the sender changed\n/);
    expect((await run('rollback', 'led')).stdout).toBe('Rolled back: revision 1 of led is active.\n');
    expect((await run('retire', 'led')).stdout).toBe('Revision 1 of led is retired.\n');
    expect(await run('retire', 'led')).toMatchObject({
      ...{ code: 5, stderr: 'sluice: No mapping of led is active: it is read by the built-in types.\n' },
    });
    expect((await run('list', 'led')).stdout).toMatch(/^revision +state .*\n2 +retired .*\n1 +retired /);
  });
});

describe('sluice rejections', () => {
  it('lists what was refused, by cause and source', async () => {
    const refuse = (path: string, body: string) =>
      fetch(new URL(path, cli.stack.ingestUrl), {
        ...{ method: 'POST', body, headers: { 'content-type': 'application/json' } },
      });
    await refuse('/api/events', '{"source":"refused","payload":');
    await refuse('/hooks/unheard-of', '{}');
    const args = ['rejections', 'list', '--cause', 'ERR_JSON_INVALID'];
    await expect
      .poll(async () => ((await cli.json(args)).value as { items: unknown[] }).items, { timeout: 20_000 })
      .toMatchObject([{ code: 'ERR_JSON_INVALID', body: '{"source":"refused","payload":' }]);
    const { stdout } = await cli.sluice(['rejections', 'list', '--source', 'unheard-of']);
    expect(stdout).toMatch(/^time +source +status .*\n\S+ +unheard-of +401 +\S+ +POST \/hooks\/unheard-of /);
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect((await cli.sluice(['rejections', 'list', '-s', 'nobody'])).stdout).toBe('There are none.\n');
  });
});

describe('sluice keys', () => {
  it('makes a key that is printed once, lists it without its secret, and revokes it', async () => {
    const made = await cli.sluice([
      'keys',
      'create',
      'till 7',
      '--role',
      'sender',
      '-s',
      'shop',
      '-s',
      'bakery',
    ]);
    expect(made.code).toBe(0);
    expect(made.stdout).toMatch(/^slk_\S+\n$/);
    const id = /id +(slk_\w+)/.exec(made.stderr)?.[1] ?? '';
    expect(made.stdout.startsWith(id)).toBe(true);
    const { value } = await cli.json(['keys', 'list']);
    expect(value).toMatchObject({
      items: [{ id, name: 'till 7', role: 'sender', sources: ['shop', 'bakery'] }],
    });
    expect(JSON.stringify(value)).not.toContain(made.stdout.trim());
    expect((await cli.sluice(['keys', 'revoke', id])).stdout).toBe(`revoked ${id} (till 7)\n`);
    expect((await cli.sluice(['keys', 'list'])).stdout).toMatch(/revoked 2\d{3}-/);
    expect((await cli.sluice(['keys', 'revoke', 'slk_000000000000'])).code).toBe(5);
  });
});

describe('sluice replay', () => {
  async function makeDead(source: string, count: number, first = 0): Promise<string[]> {
    const ids = [];
    for (let n = first; n < first + count; n += 1) {
      const body = `{"source":"${source}","payload":{"metric":"m","amount":${n}},"simulateFailure":"all"}`;
      ids.push(((await cli.json(['send', body])).value as { id: string }).id);
    }
    await vi.waitFor(async () => {
      const { value } = await cli.json(['events', 'list', '-s', source, '--status', 'dead']);
      expect(value).toHaveProperty('items.length', first + count);
    }, 50_000);
    return ids;
  }

  it('shows the plan, replays what a filter names, and tells what came of it', async () => {
    await makeDead('deads', 3);
    const plan = await cli.json(['replay', '-s', 'deads', '--dry-run']);
    expect(plan).toMatchObject({ code: 0, value: { count: 3, bySource: { deads: 3 } } });
    expect((await cli.sluice(['replay', '-s', 'deads', '--yes'])).stderr).toContain('Say why with --reason');
    const unasked = await cli.sluice(['replay', '-s', 'deads', '--reason', 'test']);
    expect(unasked).toMatchObject({ code: 2, stdout: '' });
    expect(unasked.stderr).toContain('add --yes');
    const done = await cli.json(['replay', '-s', 'deads', '--reason', 'test', '--yes', '--rate', '1000']);
    expect(done).toMatchObject({
      code: 1,
      value: { planned: 3, enqueued: 3, failedAgain: 3, settled: true },
    });
    const id = (done.value as { id: string }).id;
    const watched = await cli.sluice(['replay', id]);
    expect(watched.code).toBe(1);
    expect(watched.stdout).toMatch(/failed again +3\n/);
  });

  it('replays what its plan showed, and nothing that died while it asked', async () => {
    await makeDead('asked', 1);
    const asked = startAsked(['replay', '-s', 'asked', '--reason', 'test', '--url', cli.stack.apiUrl]);
    await vi.waitFor(() => expect(asked.told()).toContain('Replay 1 events?'), { timeout: 10_000 });
    await makeDead('asked', 1, 1);
    asked.answer('y');
    await asked.ended;
    expect(asked.told()).toMatch(/planned +1\n/);
  });

  it('replays one event, and refuses one that is not dead', async () => {
    const [dead = ''] = await makeDead('single', 1);
    expect((await cli.sluice(['events', 'show', dead])).stdout).toMatch(/to do +Nothing is wrong/);
    const one = await cli.json(['replay', dead]);
    expect(one).toMatchObject({ code: 1, value: { planned: 1, failedAgain: 1 } });
    const well = await send('single', READING);
    await cli.settled();
    expect((await cli.sluice(['replay', well])).code).toBe(6);
    expect((await cli.sluice(['replay', `evt_${'0'.repeat(32)}`])).code).toBe(5);
  });

  it('cancels a replay that is under way', async () => {
    await makeDead('cancelled', 5);
    const args = ['replay', '-s', 'cancelled', '--reason', 'test', '--yes', '--rate', '0.1', '--no-wait'];
    const { id } = (await cli.json(args)).value as { id: string };
    const second = await cli.sluice(args);
    expect(second.code).toBe(6);
    const cancelled = await cli.json(['replay', id, '--cancel']);
    expect(cancelled.value).toMatchObject({ id, state: 'cancelled' });
  });
});
