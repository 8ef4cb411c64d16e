import type { LiveEntry } from './frames.ts';

/** Tells whether a client is sent a message. */
export type Filter = (entry: LiveEntry) => boolean;

/** Creates a filter: everything of a tenant whose labels are the named ones; undefined = any. */
export function createFilter(tenant: string, labels: Readonly<Record<string, string | undefined>>): Filter {
  const named = Object.entries(labels).filter(([, value]) => value !== undefined);
  return (entry) => entry.tenant === tenant && named.every(([name, value]) => entry.labels[name] === value);
}
