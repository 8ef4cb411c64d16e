import { expect, it } from 'vitest';
import { expectAccessible } from './axe.ts';
import { openPage, type Parts, sendEvent, waitForLive } from './parts.ts';

/** Adds the tests of the command palette. */
export function addPaletteTests(parts: () => Parts): void {
  it('finds a page by a word of its name, and brings the focus there', async () => {
    const page = await openPage(parts(), '/overview');
    await waitForLive(page);
    await page.keyboard.press('Control+k');
    const field = page.getByRole('combobox', { name: 'Page, action, or id' });
    await field.waitFor();
    expect(await field.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.type('dead');
    const option = page.getByRole('option', { name: /^Dead letters/ });
    await option.waitFor();
    expect(await option.getAttribute('aria-selected')).toBe('true');
    expect(await field.getAttribute('aria-activedescendant')).toBe(await option.getAttribute('id'));
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/dead-letters');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('page');
    await page.context().close();
  });

  it('finds an event, a source and a device by what is pasted, and says when there is none', async () => {
    const id = await sendEvent(parts(), {
      source: 'palette',
      payload: { deviceId: 'D-palette', timestamp: 1_767_323_045, heartRate: 72 },
    });
    await parts().sluice.settled();
    const page = await openPage(parts(), '/events');
    await waitForLive(page);
    const find = page.getByRole('button', { name: 'Find or do' });
    await find.click();
    await page.getByRole('combobox', { name: 'Page, action, or id' }).waitFor();
    await page.keyboard.insertText(`{"msg":"event.stored","id":"${id}"}`);
    await page.getByRole('option', { name: new RegExp(`Event ${id}.*normalized, palette`) }).waitFor();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('palette');
    await page.getByRole('option', { name: 'Events of the source palette' }).waitFor();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('D-palette');
    await page.getByRole('option', { name: /D-palette/ }).waitFor();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(`evt_${'0'.repeat(32)}`);
    await page.getByText(/^Nothing here is called/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await find.evaluate((one) => one === document.activeElement)).toBe(true);
    expect(page.url()).toContain('/events');
    await page.context().close();
  });

  it('does what concerns the page: pauses it, tells times otherwise', async () => {
    const page = await openPage(parts(), '/events');
    await waitForLive(page);
    for (const [typed, seen] of [
      ['pause', '[data-connection="paused"]'],
      ['let the', '[data-connection="live"]'],
    ] as const) {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Page, action, or id' }).waitFor();
      await page.keyboard.type(typed);
      await page.keyboard.press('Enter');
      await page.locator(seen).waitFor();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await page.context().close();
  });
}
