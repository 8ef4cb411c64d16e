import { z } from 'zod';

const TIME_UNITS = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_UNITS = { b: 1, kb: 1024, kib: 1024, mb: 1024 ** 2, mib: 1024 ** 2 } as const;

/** Declares a whole number between two bounds, both allowed. */
export function whole(min: number, max: number) {
  return numberField(`expected a whole number from ${min} to ${max}`, min, max, (text) =>
    /^\d{1,15}$/.test(text) ? Number(text) : undefined,
  );
}

/** Declares a TCP port; 0 means any free one. */
export function port() {
  return numberField('expected a port from 0 to 65535', 0, 65_535, (text) =>
    /^\d{1,5}$/.test(text) ? Number(text) : undefined,
  );
}

/** Declares a duration: a bare number is milliseconds, or a number with ms, s, m, h or d. */
export function durationMs(minMs: number, maxMs: number) {
  return numberField(
    `expected a duration from ${minMs} to ${maxMs} ms, like 1500, 30s or 24h`,
    minMs,
    maxMs,
    (text) => withUnit(text, TIME_UNITS),
  );
}

/** Declares a size: a bare number is bytes, or a number with KiB or MiB. */
export function sizeBytes(minBytes: number, maxBytes: number) {
  return numberField(
    `expected a size from ${minBytes} to ${maxBytes} bytes, like 1048576 or 1MiB`,
    minBytes,
    maxBytes,
    (text) => withUnit(text, SIZE_UNITS),
  );
}

/** Declares a choice of words; upper and lower case are the same. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z
    .string()
    .toLowerCase()
    .pipe(z.enum(words, { error: `expected ${toList(words)}` }));
}

/** Declares a switch, `on` or `off`. */
export function onOff() {
  return oneOf(['on', 'off']);
}

/** Declares a URL of one of the given protocols (with colon), kept as it was written. */
export function url(...protocols: readonly string[]) {
  const expected = `expected a URL that begins with ${toList(protocols.map((protocol) => `${protocol}//`))}`;
  return z.string().refine((text) => {
    // A MongoDB URI may list several hosts, which no URL parser takes.
    const single = text.replace(/^(mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?[^,/?]+)(?:,[^,/?]+)+/, '$1');
    return URL.canParse(single) && protocols.includes(new URL(single).protocol);
  }, expected);
}

/** Declares a list of different whole numbers, separated by commas; the output is sorted. */
export function wholeList(min: number, max: number) {
  const expected = `expected whole numbers from ${min} to ${max}, separated by commas`;
  return z.string().transform((text, context): number[] => {
    const parts = text.split(',').map((part) => part.trim());
    const numbers = parts.map(Number);
    const good = parts.every((part) => /^\d{1,9}$/.test(part)) && numbers.every((n) => n >= min && n <= max);
    if (!good) {
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    }
    return [...new Set(numbers)].sort((left, right) => left - right);
  });
}

/** Declares a list of different names, separated by commas; the output is sorted. */
export function nameList(pattern: RegExp, expected: string) {
  return z
    .string()
    .transform((text) =>
      [...new Set(text.split(',').map((part) => part.trim()))].filter((part) => part !== '').sort(),
    )
    .refine((names) => names.every((name) => pattern.test(name)), expected);
}

/** Declares a key of 32 bytes, written as base64. */
export function key() {
  return z.string().refine(isKey, KEY_EXPECTED);
}

/** Declares a list of keys of 32 bytes, written as base64 and separated by commas. */
export function keyList() {
  return z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine((keys) => keys.every(isKey), KEY_EXPECTED);
}

/** Declares a secret of Standard Webhooks: `whsec_` and 24 to 64 bytes, written as base64. */
export function webhookSecret() {
  return z
    .string()
    .refine(
      isWebhookSecret,
      'expected whsec_ and 24 to 64 bytes as base64, as `echo "whsec_$(openssl rand -base64 32)"` makes them',
    );
}

function isWebhookSecret(text: string): boolean {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  if (encoded === undefined) return false;
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.toString('base64') === encoded && bytes.length >= 24 && bytes.length <= 64;
}

/** Declares the URL of a receiver of webhooks, http or https, without a user in it. */
export function webhookUrl() {
  return url('http:', 'https:').refine(
    (text) => !URL.canParse(text) || (new URL(text).username === '' && new URL(text).password === ''),
    'expected a URL without a user or a password in it; a token may stand in its path or query',
  );
}

const KEY_EXPECTED = 'expected 32 bytes as base64, as `openssl rand -base64 32` makes them';

function isKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text);
}

function numberField(expected: string, min: number, max: number, read: (text: string) => number | undefined) {
  return z.string().transform((text, context): number => {
    const value = read(text.trim());
    if (value === undefined || value < min || value > max) {
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    }
    return value;
  });
}

function withUnit(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,15}) ?([a-z]*)$/i.exec(text) ?? [];
  const factor = unit === '' ? 1 : units[unit.toLowerCase()];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}

function toList(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
