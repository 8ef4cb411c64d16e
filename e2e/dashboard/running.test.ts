import { createServer } from 'node:http';
import { listenForTest } from '@sluice/local/test-listen';
import { describe, expect, it } from 'vitest';
import { expectAccessible, expectAccessibleInBothThemes } from './axe.ts';
import { expectReadableAt400 } from './browser.ts';
import { openPage, startParts } from './parts.ts';

const SOON = { timeout: 20_000, interval: 100 };

/** A mapping under which an event without an amount dies at once. */
const STRICT = { type: 'metric', fields: { amount: { from: ['amount'], as: 'number', required: true } } };
const MILD = {
  type: 'metric',
  fields: { amount: { from: ['amount'], as: 'number' }, n: { from: ['n'], as: 'number' } },
};

describe('the pages with which the service is run', () => {
  const parts = startParts();

  async function call(method: 'GET' | 'POST', path: string, body?: unknown) {
    const response = await fetch(new URL(path, parts().sluice.stack.apiUrl), {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const answer = await response.json();
    expect(response.ok, JSON.stringify(answer)).toBe(true);
    return answer;
  }

  async function activate(source: string, mapping: object): Promise<void> {
    const { revision } = await call('POST', `/api/sources/${source}/mapping`, mapping);
    const path = `/api/sources/${source}/mapping/${revision}/activate`;
    await call('POST', path, { force: true, reason: 'a test' });
  }

  async function listStates(source: string): Promise<Record<number, string>> {
    const { items } = await call('GET', `/api/sources/${source}/mapping`);
    return Object.fromEntries(
      items.map(({ revision, state }: { revision: number; state: string }) => [revision, state]),
    );
  }

  /** Sends events of a source that die at once, and waits for their end; returns how many of it are dead then. */
  async function kill(source: string, count: number): Promise<number> {
    const dead = (await countStatus(source, 'dead')) + count;
    for (let n = 0; n < count; n += 1) {
      const body = { source, payload: { n: Math.random() } };
      expect((await parts().sluice.post('/api/events', body)).status).toBe(202);
    }
    await expect.poll(() => countStatus(source, 'dead'), SOON).toBe(dead);
    return dead;
  }

  /** Lists the workers in which events of a source died. */
  function listKillers(source: string): Promise<string[]> {
    return parts().sluice.db.collection('raw_events').distinct('history.worker', { source, status: 'dead' });
  }

  function countStored(source: string): Promise<number> {
    return parts().sluice.db.collection('raw_events').countDocuments({ source });
  }

  function countStatus(source: string, status: string): Promise<number> {
    return parts().sluice.db.collection('raw_events').countDocuments({ source, status });
  }

  it('lists every replica, says why workers hold, and turns maintenance on and off', async () => {
    const page = await openPage(parts(), '/queues');
    const processes = page.getByRole('table', { name: 'Processes' });
    for (const [app, count] of [
      ['worker', 2],
      ['ingest', 1],
      ['scheduler', 1],
      ['live', 1],
      ['api', 1],
    ] as const) {
      const running = processes.locator(`tr[data-process="${app}"]`).filter({ hasText: 'Running' });
      await expect.poll(() => running.count(), SOON).toBe(count);
    }
    expect(await page.getByRole('link', { name: 'Open Bull Board' }).getAttribute('target')).toBe('_blank');

    await page.getByRole('button', { name: 'Maintenance…' }).click();
    const turnOn = page.getByRole('button', { name: 'Turn maintenance on' });
    expect(await turnOn.isDisabled()).toBe(true);
    await page.getByLabel('Why, for the audit log').fill('a test of the page');
    await turnOn.click();
    await page.getByText('Maintenance is on since').waitFor();
    await page.getByText('2 workers hold.').waitFor();
    await processes.locator('tr[data-process="worker"]').filter({ hasText: 'maintenance' }).first().waitFor();
    await parts().sluice.post('/api/events', { source: 'held', payload: { n: 1 } });
    await page.getByText('not while nobody takes jobs').waitFor();
    await expectAccessibleInBothThemes(page);

    await page.getByRole('button', { name: 'Turn it off…' }).click();
    await page.getByLabel('Why, for the audit log').fill('the test is over');
    await page.getByRole('button', { name: 'Turn maintenance off' }).click();
    await page.getByText('2 workers hold.').waitFor({ state: 'detached' });
    await parts().sluice.settled();
    const { items } = await call('GET', '/api/audit?action=setMaintenance&limit=2');
    expect(items.map(({ reason }: { reason: string }) => reason)).toEqual([
      'the test is over',
      'a test of the page',
    ]);
    await page.context().close();
  });

  it('shows when a poll is due and late, runs one, and pauses', async () => {
    const legacy = createServer((_request, response) => {
      response
        .setHeader('content-type', 'application/json')
        .end('[{"id":1,"updated_at":"2026-01-02T03:04:05Z"}]');
    });
    // A day of its own: nothing comes by itself while the test runs.
    const schedule = `0 0 ${(new Date().getUTCHours() + 12) % 24} * * *`;
    await call('POST', '/api/sources', {
      ...{
        id: 'erp',
        kind: 'poll',
        url: `${await listenForTest(legacy)}/`,
        allowPrivate: true,
        schedule,
        idPath: 'id',
      },
      cursor: { kind: 'timestamp', param: 'since', path: 'updated_at' },
    });
    const page = await openPage(parts(), '/schedules');
    const row = page.getByRole('row', { name: /erp/ });
    await row.getByText('never polled yet').waitFor();
    await row.getByText(/in \d+ h/).waitFor();

    const longAgo = new Date(Date.now() - 3 * 86_400_000);
    const sources = parts().sluice.db.collection<{ _id: string }>('sources');
    await sources.updateOne({ _id: 'erp' }, { $set: { updatedAt: longAgo } });
    await row.getByText(/^Due .*Z, .* late$/).waitFor();
    await row.getByText('3 runs missed').waitFor();
    await expectAccessibleInBothThemes(page);

    await row.getByRole('button', { name: 'Run now: erp' }).click();
    await row.getByRole('img', { name: /The last 1 runs: 1 read to the end/ }).waitFor();
    await row.getByText(/ late$/).waitFor({ state: 'detached' });
    await row.getByRole('button', { name: 'Pause erp' }).click();
    await row.getByText('Paused', { exact: true }).waitFor();
    await row.getByRole('button', { name: 'Resume erp' }).click();
    await row.getByRole('button', { name: 'Pause erp' }).waitFor();
    await expectReadableAt400(page);
    await page.context().close();
  });

  it('adds a source: what the server finds wrong stands at its field, and the first request flips the page', async () => {
    const page = await openPage(parts(), '/sources');
    await page.getByRole('button', { name: 'Add a source…' }).click();
    await page.getByLabel('we fetch them from it on a schedule').check();
    await page.getByLabel('Address', { exact: true }).fill('ftp://nowhere');
    await page.getByLabel(/^Schedule/).fill('every hour');
    await page.getByRole('button', { name: 'Add the source' }).click();
    await page.getByText('It was not added').waitFor();
    for (const name of [/^Name;/, /^Address$/]) {
      expect(await page.getByLabel(name).getAttribute('aria-invalid')).toBe('true');
      expect(await page.getByLabel(name).getAttribute('aria-describedby')).not.toBeNull();
    }
    await expectAccessibleInBothThemes(page);

    await page.getByLabel('it sends them to an address of ours').check();
    await page.getByLabel(/^Name;/).fill('door');
    await page.getByLabel('Its requests are signed by').selectOption('none');
    await page.getByRole('button', { name: 'Add the source' }).click();
    await page.getByRole('heading', { name: 'door', level: 1 }).waitFor();
    await page.getByText('Waiting for the first request.').waitFor();
    await expectAccessible(page);
    await expect
      .poll(async () => (await parts().sluice.post('/hooks/door', { hello: 'world' })).status, SOON)
      .toBe(202);
    await page.getByText('It works.').waitFor();
    await page.getByRole('link', { name: 'open it' }).waitFor();
    await page.context().close();
  });

  it('drafts, tries, compares, activates, rolls back and retires a mapping', async () => {
    await call('POST', '/api/sources', { id: 'mapped', kind: 'push' });
    await expect
      .poll(async () => (await parts().sluice.post('/hooks/mapped', { amount: '12,50' })).status, SOON)
      .toBe(202);
    await expect.poll(() => countStored('mapped'), SOON).toBe(1);
    const page = await openPage(parts(), '/sources/mapped');
    const type = async (name: string, text: string) => {
      await page.getByRole('textbox', { name }).click();
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.insertText(text);
    };
    await page.getByRole('button', { name: 'Write a first draft…' }).click();
    await type('Mapping', '{"type":"metric","fields":{"amount":{"from":"amount","as":"numbr"}}}');
    await page.getByRole('button', { name: 'Save the draft' }).click();
    await page.getByRole('alert').filter({ hasText: '/fields/amount/as' }).waitFor();
    await type('Mapping', '{"type":"metric","fields":{"n":{"from":"n","default":9007199254740993}}}');
    await page.getByRole('button', { name: 'Save the draft' }).click();
    await page.getByRole('alert').filter({ hasText: '/fields/n/default' }).waitFor();
    await type('Mapping', JSON.stringify(STRICT));
    await page.getByRole('button', { name: 'Save the draft' }).click();
    await page.getByText('Not used until it is activated.').waitFor();

    await page.getByRole('button', { name: 'Try a payload' }).click();
    await page.getByRole('button', { name: "Take the newest event's payload" }).click();
    await page.getByText('"12,50"').waitFor();
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByRole('table', { name: 'The record' }).getByText('12.5').waitFor();
    await page.getByRole('button', { name: 'Try stored events' }).click();
    await page.getByRole('button', { name: 'Run revision 1 over them' }).click();
    await page.getByText('1, all there are').waitFor();
    await page.getByRole('button', { name: 'Activate revision 1…' }).click();
    await page.getByRole('button', { name: 'Activate revision 1', exact: true }).click();
    const revisions = page.getByRole('list', { name: 'Revisions' });
    await revisions.getByRole('button', { name: /Revision 1 active/ }).waitFor();

    await activate('mapped', MILD);
    await page.reload();
    await revisions.getByRole('button', { name: /Revision 2 active/ }).click();
    await page.getByRole('button', { name: 'Compare' }).click();
    const changes = page.getByRole('table', { name: 'From revision 1 to revision 2' });
    await changes.getByRole('row', { name: /fields › n › from absent n/ }).waitFor();
    await expectAccessibleInBothThemes(page);
    await revisions.getByRole('button', { name: /Revision 1 retired/ }).click();
    await page.getByRole('button', { name: 'Roll back to revision 1…' }).click();
    await page.getByRole('button', { name: 'Roll back to revision 1', exact: true }).click();
    await revisions.getByRole('button', { name: /Revision 1 active/ }).waitFor();

    await page.getByRole('button', { name: 'Retire revision 1…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Retire revision 1' });
    await dialog.getByText('The source has no mapping then').waitFor();
    await expectAccessibleInBothThemes(page);
    await dialog.getByRole('button', { name: 'Leave it as it is' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await listStates('mapped')).toEqual({ 1: 'active', 2: 'retired' });
    await page.getByRole('button', { name: 'Retire revision 1…' }).click();
    await dialog.getByRole('button', { name: 'Retire revision 1', exact: true }).click();
    await page.getByText('None is active: the built-in rules are used.').waitFor();
    await page.getByRole('button', { name: 'Roll back to revision 1…' }).waitFor();
    expect(await listStates('mapped')).toEqual({ 1: 'retired', 2: 'retired' });
    await page.context().close();
  });

  it('replays exactly what was planned, stops at a canary that dies, and leaves the rest when cancelled', async () => {
    const source = 'strict';
    await call('POST', '/api/sources', { id: source, kind: 'push' });
    await activate(source, STRICT);
    // Each worker sees a new mapping within a second, one before the other.
    let probes = 0;
    await expect
      .poll(async () => {
        probes += 1;
        await parts().sluice.post('/api/events', { source, payload: { probe: Math.random() } });
        // What is still on its way would be counted with those that are planned.
        await expect.poll(() => countStored(source), SOON).toBe(probes);
        return (await listKillers(source)).length;
      }, SOON)
      .toBe(2);
    const first = await kill(source, 12);

    const page = await openPage(parts(), '/dead-letters');
    const group = page.getByRole('listitem').filter({ hasText: source });
    await group.getByText(/still arriving, [\d.]+ a minute/).waitFor();
    await expectAccessible(page);
    await group.getByRole('link', { name: 'Plan replay…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(`${first} events`, { exact: true }).waitFor();
    await dialog.getByText('2 workers at work').waitFor();
    await dialog.getByText('The mapping was not changed since: they would fail again').waitFor();
    const second = await kill(source, 3);
    await dialog.getByText('+3 since').waitFor();
    await expectAccessibleInBothThemes(page);

    await dialog.getByLabel(/^a canary/).check();
    await dialog.getByLabel('Why, for the audit log').fill('does it live?');
    await dialog.getByRole('button', { name: 'Replay 10 events' }).click();
    await page.getByText('The canary died: 10 of 10 failed again.').waitFor();
    const touched = { source, 'replay.operation': { $exists: true } };
    expect(await parts().sluice.db.collection('raw_events').countDocuments(touched)).toBe(10);

    await page.getByRole('link', { name: 'the dead letters' }).click();
    await page.getByRole('button', { name: `Replay ${second} events…` }).click();
    await dialog.getByText(`${second} events`, { exact: true }).waitFor();
    const third = await kill(source, 2);
    await activate(source, MILD);
    await dialog.getByLabel('Events a second at most').fill('1');
    await dialog.getByLabel('Why, for the audit log').fill('the mapping is mended');
    await dialog.getByRole('button', { name: `Replay ${second} events` }).click();
    await page.getByText(new RegExp(`^[1-9]\\d* of ${second} put into the queue`)).waitFor();
    await page.getByRole('button', { name: /^Cancel the remaining \d+/ }).click();
    await page.getByText('cancelled', { exact: true }).waitFor();
    const readReplay = async () => (await call('GET', '/api/replays?limit=1')).items[0];
    await expect.poll(async () => (await readReplay()).settled, SOON).toBe(true);
    const { succeeded, stopped, enqueued } = await readReplay();
    // Those that died after the plan are not in it, and nothing that was cancelled is touched.
    expect([succeeded + stopped, enqueued]).toEqual([second, succeeded]);
    expect(stopped).toBeGreaterThan(0);
    expect(await countStatus(source, 'dead')).toBe(third - succeeded);
    const { items } = await call('GET', '/api/audit?action=createReplay&limit=20');
    expect(items).toContainEqual(expect.objectContaining({ reason: 'the mapping is mended', status: 202 }));

    const plan = await call('POST', '/api/replays', { filter: { source }, dryRun: true });
    await page.goto(new URL('/dead-letters', page.url()).href);
    await group.getByRole('link', { name: 'Plan replay…' }).click();
    await dialog.getByText(`${plan.count} events`, { exact: true }).waitFor();
    await dialog.getByLabel('Why, for the audit log').fill('the rest');
    await dialog.getByRole('button', { name: `Replay ${plan.count} events` }).click();
    await page.getByText('done', { exact: true }).waitFor();
    await expect.poll(() => countStatus(source, 'dead'), SOON).toBe(0);
    await page.context().close();
  });

  it('plans a replay of a source that nobody declares any more without asking for its mapping', async () => {
    const source = 'undeclared';
    await call('POST', '/api/sources', { id: source, kind: 'push' });
    await activate(source, STRICT);
    await expect
      .poll(async () => {
        await parts().sluice.post('/api/events', { source, payload: { probe: Math.random() } });
        return countStatus(source, 'dead');
      }, SOON)
      .toBeGreaterThan(0);
    await parts().sluice.db.collection<{ _id: string }>('sources').deleteOne({ _id: source });
    const dead = await parts().sluice.db.collection('raw_events').findOne({ source, status: 'dead' });

    const page = await openPage(parts(), `/dead-letters/${dead?.['fingerprint']}`);
    const refused: string[] = [];
    page.on('response', (response) => {
      if (response.status() >= 400) refused.push(response.url());
    });
    await page.getByRole('button', { name: /^Replay \d+ event/ }).click();
    const checks = page.getByRole('list', { name: 'Checks' });
    await checks.getByText('at work').waitFor();
    await checks.getByText('No other replay has them in hand').waitFor();
    await page.waitForLoadState('networkidle');
    expect(refused).toEqual([]);
    await page.context().close();
  });

  it('says in red that no worker is there, and that jobs wait', async () => {
    const { stack } = parts().sluice;
    const page = await openPage(parts(), '/queues');
    await page.getByRole('table', { name: 'Processes' }).waitFor();
    await Promise.all(stack.workers().map((worker) => worker.stop()));
    await page.getByRole('alert').filter({ hasText: '0 workers' }).waitFor();
    await parts().sluice.post('/api/events', { source: 'unserved', payload: { n: 1 } });
    await page.getByRole('alert').filter({ hasText: '0 workers; jobs wait' }).waitFor();
    const ended = page.locator('tr[data-process="worker"]').filter({ hasText: 'Ended' });
    await expect.poll(() => ended.count(), SOON).toBeGreaterThanOrEqual(2);
    await expectAccessible(page);
    await Promise.all([stack.addWorker(), stack.addWorker()]);
    await page.getByRole('alert').filter({ hasText: '0 workers' }).waitFor({ state: 'detached' });
    await parts().sluice.settled();
    await page.context().close();
  });

  it('keeps a new key in sight until a person says that it is copied', async () => {
    const page = await openPage(parts(), '/keys');
    await page.getByRole('button', { name: 'Make a key…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Make a key' });
    await dialog.getByLabel('Whose it is, or what for').fill('shown once');
    await dialog.getByRole('button', { name: 'Make the key' }).click();
    await dialog.getByText('It is shown this once').waitFor();
    await page.mouse.click(5, 400);
    // It would fade, and could be clicked meanwhile.
    await expect(dialog.waitFor({ state: 'detached', timeout: 1000 })).rejects.toThrow('Timeout');
    await dialog.getByRole('button', { name: 'It is copied' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.context().close();
  });
});
