import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { expectFocusSeen, expectFocusTrapped, tabTo } from './by-keyboard.ts';
import { openPage, type Parts, sendEvent, waitForLive } from './parts.ts';

/** Adds the runs that are made without a mouse, with the focus in sight at each step. */
export function addKeyboardOnlyTests(parts: () => Parts): void {
  // It takes its time until they are dead; the first tests need it for something else.
  beforeAll(async () => {
    for (const amount of [1, 2]) {
      await sendEvent(parts(), {
        source: 'by-hand',
        payload: { metric: 'by-hand', amount, timestamp: amount },
        simulateFailure: 8,
      });
    }
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

  it('plans and starts a replay of dead letters, by keyboard alone', async () => {
    await parts().sluice.settled();
    const page = await openPage(parts(), '/overview');
    await waitForLive(page);
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    const group = page.getByRole('listitem').filter({ hasText: 'by-hand 2' });
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
    const confirm = dialog.getByRole('button', { name: /^Replay \d+ events$/ });
    await confirm.waitFor();
    await expectFocusTrapped(page, dialog);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await replay.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.press('r');
    await tabTo(page, dialog.getByLabel('Why, for the audit log'));
    await page.keyboard.type('by hand');
    await tabTo(page, confirm);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/operations/op_*');
    await page.getByText('done', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL('**/operations');
    await parts().sluice.settled();
    await page.context().close();
  });
}
