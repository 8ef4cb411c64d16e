import type { IncomingHttpHeaders } from 'node:http';
import { type Caller, type CheckKey, mayActAs } from '@sluice/contracts/access';
import { readCredential } from '@sluice/runtime/access-credential';
import { createFilter } from './filter.ts';
import type { Opening } from './stream-hub.ts';
import type { StreamQuery } from './stream-query.ts';

/**
 * Says what a caller opens: of its own tenant only, and for as long as the key it came with is in force. A stream would
 * else outlive the key by days.
 */
export function createOpening(
  { caller, headers }: { readonly caller: Caller; readonly headers: IncomingHttpHeaders },
  { lastEventId, labels }: StreamQuery,
  checkKey: CheckKey | null,
): Opening {
  const key = readCredential(headers)?.key;
  const filter = createFilter(caller.tenant, labels);
  if (checkKey === null || key === undefined) return { lastEventId, filter, isAllowed: async () => true };
  return {
    lastEventId,
    filter,
    async isAllowed() {
      const holder = await checkKey(key);
      return (
        holder !== null && holder.caller.tenant === caller.tenant && mayActAs(holder.caller.role, 'viewer')
      );
    },
  };
}
