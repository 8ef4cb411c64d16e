import type { ErrorCode } from '@sluice/contracts/errors';
import { type Delivery, toJsonDelivery, toTextDelivery } from '../delivery.ts';
import type { DemoRun } from '../run.ts';

const PATH = '/api/events';

/** Texts that no reader may take for an amount. */
const UNREADABLE = [
  'n/a',
  'about twelve',
  '12,00,0',
  '1..5',
  'NaN',
  '10%',
  '(50.00)',
  '0x1F',
  'free',
  '1200 apples',
];

/**
 * Makes 20 metric events that are not to become records: ten bodies that are refused, because they are no JSON or
 * not safe, and ten good JSON bodies whose amount nobody can read, which are kept as dead letters.
 */
export function createMalformedMetrics({ nonce }: DemoRun): Delivery[] {
  return [
    ...listRefused().map(toRefused),
    ...UNREADABLE.map((amount, index) => toDead(nonce, amount, index)),
  ];
}

function listRefused(): (readonly [ErrorCode, string])[] {
  const payload = '{"metric":"sales","amount":12,"timestamp":"2024-01-01"}';
  return [
    ['ERR_JSON_INVALID', `{"source":"client_A","payload":${payload}`],
    ['ERR_JSON_INVALID', `{source:"client_A",payload:${payload}}`],
    ['ERR_JSON_INVALID', `{'source':'client_A'}`],
    ['ERR_JSON_INVALID', 'metric=sales&amount=12'],
    ['ERR_JSON_INVALID', '<event><metric>sales</metric></event>'],
    ['ERR_UNSAFE_KEY', `{"source":"client_A","payload":{"__proto__":{"amount":12}}}`],
    ['ERR_UNSAFE_KEY', `{"source":"client_A","payload":{"constructor":{"prototype":{"amount":12}}}}`],
    ['ERR_UNSAFE_KEY', `{"source":"client_A","payload":{"$where":"sleep(1000)"}}`],
    ['ERR_JSON_TOO_DEEP', `{"source":"client_A","payload":${'['.repeat(1000)}${']'.repeat(1000)}}`],
    ['ERR_UNICODE_INVALID', `{"source":"client_A","payload":{"metric":"sales \\ud83d","amount":12}}`],
  ];
}

function toRefused([code, body]: readonly [ErrorCode, string]): Delivery {
  return toTextDelivery(PATH, body, { kind: 'rejected', code });
}

function toDead(nonce: string, amount: string, index: number): Delivery {
  const payload =
    index % 2 === 0
      ? { value: `sales-${nonce}`, price: amount, date: '2024/01/01' }
      : { metric: `sales-${nonce}`, amount, timestamp: '2024-01-01T00:00:00Z' };
  const source = index % 2 === 0 ? 'client_A' : 'client_B';
  return toJsonDelivery(PATH, { source, payload }, { kind: 'dead' });
}
