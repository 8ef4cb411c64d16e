import { existsSync } from 'node:fs';

/** Where browsers are, the first that is there is taken. */
const BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
/** How a browser is started without a screen. */
export const BROWSER_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--no-first-run',
];

/** Returns where a browser is. @throws Error when there is none */
export function findBrowser(): string {
  const found = BROWSERS.find((path) => existsSync(path));
  if (found === undefined)
    throw new Error("These tests need Chromium or Chrome: install Debian's `chromium`.");
  return found;
}
