import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { BROWSER_ARGUMENTS, findBrowser } from '../dashboard/find-browser.ts';
import { toSmallPng } from './small-png.ts';
import type { Sent } from './traffic.ts';

const THEMES = ['light', 'dark'] as const;
const WINDOW = { width: 1440, height: 900 };

type Subject = {
  readonly name: string;
  readonly path: string;
  /** Brings the page to what is shown of it. */
  readonly prepare?: (page: Page) => Promise<void>;
};

/** Takes a picture of each page in both themes, and returns the files. */
export async function takePictures({
  apiUrl,
  folder,
  sent,
}: {
  readonly apiUrl: string;
  readonly folder: string;
  readonly sent: Sent;
}): Promise<readonly { readonly file: string; readonly sizeBytes: number }[]> {
  await mkdir(folder, { recursive: true });
  const browser = await chromium.launch({ executablePath: findBrowser(), args: BROWSER_ARGUMENTS });
  const files: { file: string; sizeBytes: number }[] = [];
  try {
    for (const colorScheme of THEMES) {
      const context = await browser.newContext({ viewport: WINDOW, colorScheme, reducedMotion: 'reduce' });
      // Else the bar above each page names the port of the day.
      await context.addInitScript(() => localStorage.setItem('sluice-environment', 'clinic'));
      for (const { name, path, prepare } of toSubjects(sent)) {
        const page = await context.newPage();
        await page.goto(new URL(path, apiUrl).href);
        await page.locator('[data-connection="live"]').waitFor();
        await prepare?.(page);
        await page.waitForLoadState('networkidle').catch(() => undefined);
        const file = join(folder, `${name}-${colorScheme}.png`);
        const picture = toSmallPng(await page.screenshot());
        await writeFile(file, picture);
        files.push({ file, sizeBytes: picture.length });
        await page.close();
      }
      await context.close();
    }
  } finally {
    await browser.close();
  }
  return files;
}

function toSubjects({ shownId }: Sent): readonly Subject[] {
  return [
    {
      name: 'overview',
      path: '/overview?range=15m',
      prepare: (page) => page.getByRole('table', { name: 'By source' }).waitFor(),
    },
    {
      name: 'events',
      path: '/events',
      prepare: (page) => page.locator('tr[data-row]').nth(20).waitFor(),
    },
    {
      name: 'event',
      path: `/events/${shownId}?field=heartRate`,
      prepare: async (page) => {
        await page.getByText('It became a record of type').waitFor();
        await page.locator('tr[data-chosen="true"]').waitFor();
      },
    },
    {
      name: 'dead-letters',
      path: '/dead-letters',
      prepare: async (page) => {
        await page.getByRole('main').getByRole('listitem').first().getByRole('link').first().click();
        await page.getByRole('button', { name: /^Replay \d+ events…/ }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('Why, for the audit log').fill('INC-214: the monitors send the rate again');
        await dialog.getByRole('button', { name: /^Replay \d+ events/, disabled: false }).waitFor();
      },
    },
    {
      name: 'send',
      path: '/send',
      prepare: async (page) => {
        await page.getByRole('textbox', { name: 'Source', exact: true }).fill('shop');
        await page.getByRole('textbox', { name: 'Payload' }).click();
        await page.keyboard.press('ControlOrMeta+a');
        await page.keyboard.insertText(
          `{\n  "kind": "sales",\n  "price": { "gross": "12,50 €" },\n  "at": "${new Date().toISOString()}",\n  "no": "4711"\n}`,
        );
        await page.getByRole('button', { name: 'Send the event' }).click();
        await page.getByText('It became a record of type').waitFor();
        await page.getByRole('button', { name: 'Check without sending' }).click();
        await page.getByText('nothing was written').waitFor();
      },
    },
    {
      name: 'aggregates',
      path: '/aggregates?interval=minute',
      prepare: (page) => page.getByRole('table', { name: 'Metrics by client' }).waitFor(),
    },
    {
      name: 'source',
      path: '/sources/icu-west',
      prepare: (page) => page.getByText('vitals.hr').first().waitFor(),
    },
    { name: 'live', path: '/live', prepare: sendAndSee },
  ];
}

/** A feed shows only what comes while it is open. */
async function sendAndSee(page: Page): Promise<void> {
  await page
    .getByText(/^Connected\./)
    .or(page.locator('ol[role="log"]'))
    .waitFor();
  for (let round = 0; round < 5; round += 1) {
    const now = Math.floor(Date.now() / 1000);
    const items = Array.from({ length: 8 }, (_, index) =>
      index % 3 === 0
        ? {
            source: 'erp',
            payload: { metric: 'stock', amount: 8 * round + index, timestamp: now, item: `SKU-${index}` },
          }
        : {
            source: 'icu-west',
            payload: {
              dev: `D-${1000 + 8 * round + index}`,
              vitals: index === 4 ? { br: 15 } : { hr: 60 + ((7 * index + round) % 30), br: 14 },
              ts: now,
            },
          },
    );
    const answer = await page.request.post(new URL('/api/events/batch', page.url()).href, { data: items });
    if (!answer.ok()) throw new Error(`The feed's events were answered ${answer.status()}.`);
  }
  await page.locator('ol[role="log"] > li').nth(24).waitFor();
}
