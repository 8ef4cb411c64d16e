import type { Locator, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { expectFocusSeen, expectFocusTrapped, tabTo } from './by-keyboard.ts';
import { openPage, type Parts, toMetric, waitForLive } from './parts.ts';

/** Two more than a canary has. */
const DEAD = 12;

const SOON = { timeout: 20_000, interval: 100 };

/** Adds the runs that are made without a mouse, with the focus in sight at each step. */
export function addKeyboardOnlyTests(parts: () => Parts): void {
  // It takes its time until they are dead; the first tests need it for something else.
  beforeAll(async () => {
    const events = Array.from({ length: DEAD }, (_, amount) => ({
      source: 'by-hand',
      payload: toMetric(amount),
      simulateFailure: 8,
    }));
    expect((await parts().sluice.post('/api/events/batch', events)).status).toBe(202);
  });

  async function openSend(): Promise<Page> {
    const page = await openPage(parts(), '/overview');
    await waitForLive(page);
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.waitForURL('**/send');
    return page;
  }

  async function writePayload(page: Page, text: string): Promise<void> {
    await tabTo(page, page.getByRole('textbox', { name: 'Payload' }));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(text);
  }

  it('sends an event whose first attempts fail, and sees it fail and become a record, by keyboard alone', async () => {
    const page = await openSend();
    await tabTo(page, page.getByLabel('Simulate a failing database'));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await writePayload(page, '{"metric":"by-hand","amount":3,"timestamp":1767323045}');
    await tabTo(page, page.getByRole('button', { name: 'Send the event' }));
    await page.keyboard.press('Enter');
    await page.getByText('Became a normalized event.').first().waitFor();
    expect(await page.getByText('ERR_SIMULATED').count()).toBeGreaterThanOrEqual(1);
    await tabTo(page, page.getByRole('link', { name: 'Open the event' }));
    await page.keyboard.press('Enter');
    await page.waitForURL('**/events/evt_*');
    await page.context().close();
  });

  it('tries a mapping without writing, by keyboard alone', async () => {
    const page = await openSend();
    await writePayload(page, '{"metric":"dry-hand","amount":"1.234,5","timestamp":1767323045}');
    await tabTo(page, page.getByRole('button', { name: 'Check without sending' }));
    await page.keyboard.press('Enter');
    await page.getByText('"amount": 1234.5').waitFor();
    await page.context().close();
  });

  it('tries a draft of a mapping on stored events, and activates it, by keyboard alone', async () => {
    const { sluice } = parts();
    const call = async (path: string, body?: object) => {
      const response = await fetch(new URL(`/api/sources${path}`, sluice.stack.apiUrl), {
        method: body === undefined ? 'GET' : 'POST',
        ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      expect(response.ok).toBe(true);
      return response.json();
    };
    const toMapping = (from: string) => ({
      type: 'metric',
      fields: { amount: { from: [from], as: 'number' } },
    });
    await call('', { id: 'by-keys', kind: 'push' });
    await call('/by-keys/mapping', toMapping('gross'));
    await call('/by-keys/mapping/1/activate', { force: true, reason: 'nothing ran yet' });
    const hook = { gross: 12, net: 10 };
    await expect.poll(async () => (await sluice.post('/hooks/by-keys', hook)).status, SOON).toBe(202);
    await sluice.settled();
    await call('/by-keys/mapping', toMapping('net'));
    const listRecords = () =>
      sluice.db
        .collection('normalized_events')
        .find({ source: 'by-keys' }, { sort: { _id: 1 } })
        .toArray();
    const before = await listRecords();

    const page = await openPage(parts(), '/sources/by-keys');
    const revisions = page.getByRole('list', { name: 'Revisions' });
    const press = async (target: Locator) => {
      await tabTo(page, target);
      await page.keyboard.press('Enter');
    };
    await press(revisions.getByRole('button', { name: /Revision 2 draft/ }));
    await press(page.getByRole('button', { name: 'Try stored events' }));
    await press(page.getByRole('button', { name: 'Run revision 2 over them' }));
    await page.getByText('1, all there are').waitFor();
    const planned = page.locator('dl > div').filter({ hasText: 'Would be stored differently' });
    expect(await planned.locator('dd').textContent()).toBe('1');
    expect(await listRecords()).toEqual(before);

    const open = page.getByRole('button', { name: 'Activate revision 2…' });
    await press(open);
    const dialog = page.getByRole('dialog', { name: 'Activate revision 2' });
    await dialog.waitFor();
    await expectFocusTrapped(page, dialog);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await open.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await press(dialog.getByRole('button', { name: 'Activate revision 2', exact: true }));
    await revisions.getByRole('button', { name: /Revision 2 active/ }).waitFor();
    await expectFocusSeen(page);
    const { items } = await call('/by-keys/mapping');
    expect(items.map(({ state }: { state: string }) => state)).toEqual(['active', 'retired']);
    expect(await listRecords()).toEqual(before);
    await page.context().close();
  });

  it('plans a replay of dead letters, sends a canary ahead and the rest after it, by keyboard alone', async () => {
    await parts().sluice.settled();
    const page = await openPage(parts(), '/overview');
    await waitForLive(page);
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    const group = page.getByRole('listitem').filter({ hasText: `by-hand ${DEAD}` });
    const link = group.locator('[data-rove]');
    await link.waitFor();
    while (!(await link.evaluate((one) => one === document.activeElement))) {
      await page.keyboard.press('j');
      await expectFocusSeen(page);
    }
    await page.keyboard.press('Enter');
    const replay = page.getByRole('button', { name: /^Replay \d+ events…/ });
    await tabTo(page, replay);
    await page.keyboard.press('r');
    const dialog = page.getByRole('dialog', { name: 'Plan a replay' });
    await dialog.getByRole('button', { name: `Replay ${DEAD} events` }).waitFor();
    const start = async (reason: string, name: string): Promise<void> => {
      await tabTo(page, dialog.getByLabel('Why, for the audit log'));
      await page.keyboard.type(reason);
      await tabTo(page, dialog.getByRole('button', { name }));
      await page.keyboard.press('Enter');
      await page.waitForURL('**/operations/op_*');
    };
    await expectFocusTrapped(page, dialog);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await replay.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.press('r');
    await tabTo(page, dialog.getByLabel(`all ${DEAD}`, { exact: true }));
    await page.keyboard.press('ArrowDown');
    await start('does it live?', 'Replay 10 events');
    await page.getByText('The canary lives: 10 of 10 succeeded.').waitFor();
    await tabTo(page, page.getByRole('link', { name: 'Plan the rest…' }));
    await page.keyboard.press('Enter');
    await start('it does', `Replay ${DEAD - 10} events`);
    await page.getByText('done', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL('**/operations');
    await parts().sluice.settled();
    await page.context().close();
  });
}
