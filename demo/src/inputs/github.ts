import { hash } from 'node:crypto';
import examples from '@octokit/webhooks-examples' with { type: 'json' };
import { sign } from '@octokit/webhooks-methods';
import { z } from 'zod';
import type { Delivery, Fate } from '../delivery.ts';
import type { DemoRun } from '../run.ts';

/** The source under which the demo declares GitHub. */
export const GITHUB_SOURCE = 'github';

const PATH = `/hooks/${GITHUB_SOURCE}`;
const DELIVERED_TWICE = 12;
const SENT_BY_TWO_HOOKS = 6;

const examplesSchema = z.array(
  z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }),
);

type Example = { readonly event: string; readonly index: number; readonly payload: Record<string, unknown> };

/**
 * Makes the webhooks: every example payload that GitHub's own library publishes, signed as GitHub signs; the first
 * few delivered once more (same delivery id), a few also by a second hook (same payload, another delivery id), and
 * some that nobody at GitHub sent. The payloads are as published but for one field, `demo_run`, which sets them apart
 * from those of an earlier demo.
 */
export async function createGithubDeliveries(run: DemoRun, secret: string): Promise<Delivery[]> {
  const all = readExamples();
  const seen = new Set<string>();
  const deliveries: Delivery[] = [];
  for (const example of all) {
    const content = toSortedJson(example.payload);
    const fate: Fate = seen.has(content) ? { kind: 'duplicate', level: 'raw' } : { kind: 'normalized' };
    seen.add(content);
    deliveries.push(await toDelivery(example, 'first', run, secret, fate));
  }
  const spread = Math.floor(all.length / DELIVERED_TWICE);
  for (const example of all.filter((_, index) => index % spread === 0).slice(0, DELIVERED_TWICE)) {
    deliveries.push(await toDelivery(example, 'first', run, secret, { kind: 'merged' }));
  }
  for (const example of all.filter((_, index) => index % spread === 1).slice(0, SENT_BY_TWO_HOOKS)) {
    deliveries.push(await toDelivery(example, 'second', run, secret, { kind: 'duplicate', level: 'raw' }));
  }
  return [...deliveries, ...(await createForgeries(all, run, secret))];
}

/** Makes requests that look like GitHub's and are not: each is to be refused for its signature. */
async function createForgeries(all: readonly Example[], run: DemoRun, secret: string): Promise<Delivery[]> {
  const fate: Fate = { kind: 'rejected', code: 'ERR_SIGNATURE_INVALID' };
  const [first, second, third, fourth, fifth] = all;
  if (!first || !second || !third || !fourth || !fifth) return [];
  const [wrongSecret, unsigned, altered, otherHash, elsewhere] = await Promise.all([
    toDelivery(first, 'forged', run, `${secret}?`, fate),
    toDelivery(second, 'forged', run, secret, fate),
    toDelivery(third, 'forged', run, secret, fate),
    toDelivery(fourth, 'forged', run, secret, fate),
    toDelivery(fifth, 'forged', run, secret, fate),
  ]);
  const { 'x-hub-signature-256': signature = '', ...headers } = otherHash.headers;
  const { 'x-hub-signature-256': _, ...unsignedHeaders } = unsigned.headers;
  return [
    wrongSecret,
    { ...unsigned, headers: unsignedHeaders },
    { ...altered, body: altered.body.replace(/\}$/, ',"amount":1000000}') },
    { ...otherHash, headers: { ...headers, 'x-hub-signature-256': signature.replace('sha256=', 'sha1=') } },
    { ...elsewhere, path: '/hooks/nobody-declared-this' },
  ];
}

function readExamples(): Example[] {
  return examplesSchema
    .parse(examples)
    .flatMap(({ name, examples: payloads }) =>
      payloads.map((payload, index) => ({ event: name, index, payload })),
    );
}

async function toDelivery(
  { event, index, payload }: Example,
  hook: string,
  { nonce }: DemoRun,
  secret: string,
  fate: Fate,
): Promise<Delivery> {
  const body = JSON.stringify({ ...payload, demo_run: nonce });
  return {
    path: PATH,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/demo',
      'x-github-event': event,
      'x-github-delivery': toUuid(`${nonce}/${hook}/${event}/${index}`),
      'x-hub-signature-256': await sign(secret, body),
    },
    body,
    fate,
  };
}

/** Makes a UUID that is always the same for a name (version 8 of RFC 9562). */
function toUuid(name: string): string {
  const hex = hash('sha256', name);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return [...groups, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}

/** Writes JSON with its keys in order, so that two payloads that say the same are the same text. */
function toSortedJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
