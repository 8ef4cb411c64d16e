import { expect, it } from 'vitest';
import { expectFocusTrapped } from './by-keyboard.ts';
import { openPage, type Parts, sendEvent, waitForLive } from './parts.ts';

/** Adds the tests of the single keys and their settings. */
export function addKeyTests(parts: () => Parts): void {
  it('goes to a page by g and its letter, to the filter and back, and up one level to the list as it was left', async () => {
    const id = await sendEvent(parts(), {
      source: 'keyed',
      payload: { metric: 'k', amount: 1, timestamp: 1 },
    });
    await parts().sluice.settled();
    const page = await openPage(parts(), '/overview');
    await waitForLive(page);
    await page.keyboard.press('g');
    await page.getByText('Go to', { exact: true }).waitFor();
    await page.keyboard.press('e');
    await page.waitForURL('**/events');
    const filter = page.getByLabel('Source', { exact: true });
    await filter.waitFor();
    await page.keyboard.press('/');
    expect(await filter.evaluate((one) => one === document.activeElement)).toBe(true);
    await page.keyboard.type('jkgr');
    expect(await filter.inputValue()).toBe('jkgr');
    await filter.fill('keyed');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/events?source=keyed');
    await page.locator(`[data-row="${id}"]`).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/events/${id}*`);
    await page.getByRole('link', { name: '← Events' }).waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL('**/events?source=keyed');
    await page.context().close();
  });

  it('explains the keys in a dialog that keeps the focus and gives it back', async () => {
    const page = await openPage(parts(), '/events');
    await waitForLive(page);
    const button = page.getByRole('button', { name: 'Keys', exact: true });
    await button.focus();
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keys' });
    await dialog.getByRole('row', { name: /Go to the filter yes/ }).waitFor();
    await expectFocusTrapped(page, dialog);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await button.evaluate((one) => one === document.activeElement)).toBe(true);
    expect(page.url()).toContain('/events');
    await page.context().close();
  });

  it('maps a key otherwise and switches all of them off, for every tab', async () => {
    const page = await openPage(parts(), '/settings');
    await waitForLive(page);
    await page.getByLabel('Key for: Pause').fill('w');
    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('p');
    expect(await page.locator('[data-connection="paused"]').count()).toBe(0);
    await page.keyboard.press('w');
    await page.locator('[data-connection="paused"]').waitFor();
    await page.keyboard.press('w');
    await waitForLive(page);
    await page.getByLabel('Key for: Pause').fill('r');
    await page.getByText('The key r does something else already.').waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await waitForLive(other);
    await page.getByLabel('off; Ctrl K and Escape stay').check();
    await other.getByLabel('Key for: Pause').waitFor({ state: 'detached' });
    await other.keyboard.press('w');
    await other.keyboard.press('g');
    await other.keyboard.press('e');
    await other.keyboard.press('Control+k');
    await other.getByRole('combobox', { name: 'Page, action, or id' }).waitFor();
    expect(other.url()).toContain('/settings');
    expect(await other.locator('[data-connection="paused"]').count()).toBe(0);
    await page.context().close();
  });

  it('keeps theme, density and the name of the environment', async () => {
    const page = await openPage(parts(), '/settings', { colorScheme: 'light' });
    await waitForLive(page);
    await page.getByLabel('dark', { exact: true }).check();
    await page.getByLabel('comfortable, 40 px').check();
    await page.getByLabel('Name of this environment, for the bar above').fill('staging');
    await page.reload();
    await page.getByRole('banner').getByText('staging').waitFor();
    const root = await page.evaluate(() => ({ ...document.documentElement.dataset }));
    expect(root).toMatchObject({ mantineColorScheme: 'dark', density: 'comfortable' });
    await page.context().close();
  });
}
