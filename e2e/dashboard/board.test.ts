import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestStack, type TestStack } from '../test-stack.ts';
import { startTestBrowser, type TestBrowser } from './browser.ts';

const MAPPING = {
  type: 'sale',
  fields: { amount: { from: ['gross'], as: 'number', required: true } },
};

/** What no page of the board may show. */
const PAYLOAD = 'a secret of the payload';

/** Only `MENDED` takes it. */
const UNMAPPED = { net: 1, note: PAYLOAD };
const MENDED = { ...MAPPING, fields: { amount: { ...MAPPING.fields.amount, from: ['gross', 'net'] } } };

/** What of a job can be pressed: buttons that are pictures, with their names as tooltips. */
const ACTIONS = ':is(main, section) button:not([role="tab"], [class*="copyBtn"])';

describe('Bull Board in a browser', () => {
  let sluice: TestStack;
  let browser: TestBrowser;
  let admin: string;
  const keys = { viewer: '', operator: '' };
  const dead: string[] = [];

  beforeAll(async () => {
    sluice = await startTestStack({ workers: 1, env: { AUTH: 'on' } });
    browser = await startTestBrowser();
    admin = (await readFile(toKeyFile(), 'utf8')).trim();
    for (const role of ['viewer', 'operator'] as const) {
      const made = await call('POST', '/api/keys', { name: `the ${role}`, role });
      keys[role] = made.body.key;
    }
    await call('POST', '/api/sources', { id: 'till', kind: 'push' });
    await activate(MAPPING);
    await vi.waitFor(async () => expect((await send(UNMAPPED)).status).toBe('dead'), { timeout: 20_000 });
    await send(UNMAPPED);
    expect(dead).toHaveLength(2);
  });

  /** Beside the data: the log of the api is in `logs` there. */
  function toKeyFile(): string {
    return join(dirname(dirname(sluice.stack.app('api').logFile)), 'admin.key');
  }

  async function call(method: string, path: string, body?: object, key = admin) {
    const response = await fetch(new URL(path, sluice.stack.apiUrl), {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text) };
  }

  async function activate(mapping: object): Promise<void> {
    const draft = await call('POST', '/api/sources/till/mapping', mapping);
    const revision = `/api/sources/till/mapping/${draft.body.revision}`;
    await call('POST', `${revision}/trial`, {});
    expect((await call('POST', `${revision}/activate`, {})).body).toMatchObject({ state: 'active' });
  }

  async function readEvent(id: string) {
    return (await call('GET', `/api/events/${id}`)).body;
  }

  let count = 0;
  /** Sends an event and waits until it is settled. */
  async function send(payload: object) {
    count += 1;
    const sent = { source: 'till', payload: { ...payload, count } };
    const { id } = (await call('POST', '/api/events', sent)).body;
    const event = await vi.waitFor(
      async () => {
        const found = await readEvent(id);
        expect(['dead', 'normalized', 'duplicate']).toContain(found.status);
        return found;
      },
      { timeout: 20_000, interval: 50 },
    );
    if (event.status === 'dead') dead.push(id);
    return event;
  }

  /** Waits until the worker uses this revision, with events that each one takes: a dead one more would be in the way. */
  async function untilUsed(mappingRevision: number): Promise<void> {
    await vi.waitFor(
      async () => expect((await send({ gross: 1 })).normalized).toMatchObject({ mappingRevision }),
      {
        timeout: 20_000,
      },
    );
  }

  /** Signs in on the sign-in page; `search` is what its address asks for. */
  async function signIn(role: keyof typeof keys, search = ''): Promise<Page> {
    const page = await browser.open(`${sluice.stack.apiUrl}/sign-in${search}`);
    await page.getByLabel('API key').fill(keys[role]);
    await page.getByRole('button', { name: 'Sign in' }).click();
    return page;
  }

  /** Signs in, and goes to the board from the dashboard. */
  async function openBoard(role: keyof typeof keys): Promise<Page> {
    const page = await signIn(role);
    const opened = page.context().waitForEvent('page');
    await page.getByRole('link', { name: 'Bull Board' }).click();
    const board = await opened;
    await page.close();
    return board;
  }

  /** Chooses the queue `events`, its failed jobs, and of these the one of an event. */
  async function openFailed(board: Page, eventId: string): Promise<void> {
    await board.getByRole('link', { name: 'events' }).first().click();
    await board.getByRole('link', { name: /^failed/i }).click();
    await board.getByRole('link', { name: eventId }).click();
    await board.getByRole('link', { name: eventId }).waitFor({ state: 'detached' });
  }

  async function pressRetry(board: Page): Promise<void> {
    const retry = board.locator(ACTIONS).first();
    await retry.hover();
    await board.getByText('Retry', { exact: true }).waitFor();
    await retry.click();
    await board.getByText('Are you sure that you want to retry this job?').waitFor();
    await board.getByRole('button', { name: 'Confirm' }).click();
  }

  it.each(['/.//evil.example/', '//evil.example/', 'https://evil.example/', '/docs/errors?x=1'])(
    'leads from the sign-in to %s only on its own host',
    async (next) => {
      const page = await signIn('viewer', `?next=${encodeURIComponent(next)}`);
      await page.waitForURL((url) => url.pathname !== '/sign-in');
      expect(new URL(page.url()).origin).toBe(new URL(sluice.stack.apiUrl).origin);
      if (next.startsWith('/docs')) expect(page.url()).toBe(`${sluice.stack.apiUrl}${next}`);
      await page.close();
    },
  );

  it('keeps the first admin key in a file for its owner alone, and in no log', async () => {
    expect((await stat(toKeyFile())).mode & 0o777).toBe(0o600);
    expect(admin).toMatch(/^slk_[A-Za-z0-9]{12}_/);
    expect(await readFile(sluice.stack.app('api').logFile, 'utf8')).not.toContain(admin);
  });

  it('retries a dead letter once its cause is gone, and the audit log says who did', async () => {
    const [id = ''] = dead;
    await activate(MENDED);
    await untilUsed(2);
    const board = await openBoard('operator');
    await openFailed(board, id);
    await board.getByText('ERR_FIELD_REQUIRED').first().waitFor();
    await board.getByRole('tab', { name: 'Data' }).click();
    await board.getByRole('button', { name: 'expand JSON' }).first().click();
    await board.getByText('(redacted').first().waitFor();
    expect(await board.content()).not.toContain(PAYLOAD);
    await pressRetry(board);
    await vi.waitFor(async () => expect((await readEvent(id)).status).toBe('normalized'), {
      timeout: 10_000,
    });
    const { items } = (await call('GET', '/api/audit?action=retryJob')).body;
    expect(items).toMatchObject([
      {
        actor: { name: 'the operator', role: 'operator' },
        params: { queueName: 'events', jobId: expect.stringContaining(id) },
        status: 204,
      },
    ]);
    await board.context().close();
  });

  it('offers a viewer nothing to press, and tells one who has a button all the same', async () => {
    const [, id = ''] = dead;
    const board = await openBoard('viewer');
    await openFailed(board, id);
    await board.getByText('ERR_FIELD_REQUIRED').first().waitFor();
    expect(await board.locator(ACTIONS).count()).toBe(0);
    const cookies = await board.context().cookies();
    const left = await openBoard('operator');
    await openFailed(left, id);
    await left.locator(ACTIONS).first().waitFor();
    await left.context().addCookies(cookies);
    await pressRetry(left);
    await left.getByText('This takes the role operator; the key has viewer.').waitFor();
    expect((await readEvent(id)).status).toBe('dead');
    await board.context().close();
    await left.context().close();
  });

  it('deletes, cleans, obliterates and adds for nobody', async () => {
    const [, id = ''] = dead;
    for (const role of ['viewer', 'operator'] as const) {
      for (const [method, path] of [
        ['PUT', `${id}/clean`],
        ['PUT', 'clean/failed'],
        ['PUT', 'empty'],
        ['PUT', 'obliterate'],
        ['POST', 'add'],
      ] as const) {
        const { status } = await call(method, `/admin/queues/api/queues/events/${path}`, {}, keys[role]);
        expect(status, `${method} ${path} as ${role}`).toBe(405);
      }
    }
    expect((await readEvent(id)).status).toBe('dead');
  });
});
