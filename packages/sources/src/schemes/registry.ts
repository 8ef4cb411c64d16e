import type { SchemeOptions } from '@sluice/contracts/source';
import { createApiKey } from './api-key.ts';
import { createBasic } from './basic.ts';
import { createGithub } from './github.ts';
import { createHmacScheme } from './hmac.ts';
import { none } from './none.ts';
import type { Scheme } from './scheme.ts';
import { createShopify } from './shopify.ts';
import { createSlack } from './slack.ts';
import { createStandardWebhooks } from './standard-webhooks.ts';
import { createStripe } from './stripe.ts';

/** Creates the scheme of a source, once for all its requests. A new scheme is a file here and a line below. */
export function createScheme(options: SchemeOptions): Scheme {
  switch (options.type) {
    case 'none':
      return none;
    case 'basic':
      return createBasic();
    case 'api-key':
      return createApiKey(options);
    case 'hmac':
      return createHmacScheme(options);
    case 'standard-webhooks':
      return createStandardWebhooks(options);
    case 'github':
      return createGithub();
    case 'stripe':
      return createStripe(options);
    case 'shopify':
      return createShopify();
    case 'slack':
      return createSlack(options);
  }
}
