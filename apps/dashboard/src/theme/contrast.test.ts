import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

/** The texts that stand on every ground, and the least contrast of each (WCAG 2.2, 1.4.3 and 1.4.11). */
const TEXTS = [
  'text',
  'muted',
  'pending',
  'processing',
  'normalized',
  'duplicate',
  'failed',
  'dead',
  'rejected',
] as const;

it.each(['light', 'dark'])('every text of the %s scheme can be read on every ground', (scheme) => {
  const tokens = readTokens(scheme);
  for (const text of TEXTS) {
    for (const ground of ['page', 'surface', 'raised', 'sunken']) {
      expect(toContrast(tokens, text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  }
  for (const text of ['dead', 'failed', 'rejected'] as const) {
    expect(toContrast(tokens, text, `${text}-tint`), `${text} on its tint`).toBeGreaterThanOrEqual(4.5);
    expect(toContrast(tokens, 'text', `${text}-tint`)).toBeGreaterThanOrEqual(7);
    expect(
      toContrast(tokens, 'muted', `${text}-tint`),
      `muted on the tint of ${text}`,
    ).toBeGreaterThanOrEqual(4.5);
  }
  expect(toContrast(tokens, 'on-marker', 'marker')).toBeGreaterThanOrEqual(4.5);
  expect(toContrast(tokens, 'on-ink', 'ink')).toBeGreaterThanOrEqual(7);
  expect(toContrast(tokens, 'control', 'page')).toBeGreaterThanOrEqual(3);
  expect(toContrast(tokens, 'focus', 'page')).toBeGreaterThanOrEqual(3);
});

function readTokens(scheme: string): ReadonlyMap<string, string> {
  const start = css.indexOf(`[data-mantine-color-scheme="${scheme}"] {`);
  const block = css.slice(start, css.indexOf('\n}', start));
  return new Map(
    [...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name ?? '', hex ?? '']),
  );
}

function toContrast(tokens: ReadonlyMap<string, string>, text: string, ground: string): number {
  const [light, dark] = [text, ground]
    .map((name) => {
      const hex = tokens.get(name);
      if (hex === undefined) throw new Error(`There is no token ${name}.`);
      return toLuminance(hex);
    })
    .sort((a, b) => b - a);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

/** Relative luminance as WCAG 2.2 defines it. */
function toLuminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
