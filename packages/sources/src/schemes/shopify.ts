import { createHmacScheme } from './hmac.ts';
import type { Scheme } from './scheme.ts';

/**
 * Creates the scheme of Shopify: `X-Shopify-Hmac-SHA256`, the base64 of an HMAC-SHA256 over the raw body
 * (https://shopify.dev/docs/apps/build/webhooks/verify-deliveries). `X-Shopify-Webhook-Id`, the same at every attempt,
 * becomes the key and `X-Shopify-Topic` the type, `shopify.orders/create`. The signature covers neither of the two.
 */
export function createShopify(): Scheme {
  return createHmacScheme({
    header: 'x-shopify-hmac-sha256',
    hash: 'sha256',
    encoding: 'base64',
    prefix: '',
    content: '{body}',
    toleranceSeconds: 0,
    keyHeader: 'x-shopify-webhook-id',
    keyPattern: /^[A-Za-z0-9_-]{1,128}$/,
    typeHeader: 'x-shopify-topic',
    typePattern: /^[A-Za-z0-9_./-]{1,96}$/,
    typePrefix: 'shopify.',
  });
}
