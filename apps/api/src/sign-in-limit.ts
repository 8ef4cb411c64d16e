/** Keeps one address from trying keys for ever. */
export type SignInLimit = {
  /** Counts an attempt, and returns after how many seconds the address may try; 0 = it may now. */
  begin(address: string): number;
  /** Takes the attempt back: it was a good one. */
  succeed(address: string): void;
};

const WINDOW_MS = 60_000;
const MAX_FAILURES = 10;
const MAX_ADDRESSES = 10_000;

/** Creates the limit of a process: 10 failed attempts of an address within a minute. `now` is in epoch ms. */
export function createSignInLimit(now: () => number): SignInLimit {
  const attempts = new Map<string, { since: number; count: number }>();

  function find(address: string): { since: number; count: number } {
    const group = toGroup(address);
    const known = attempts.get(group);
    if (known !== undefined && Math.abs(now() - known.since) < WINDOW_MS) return known;
    const fresh = { since: now(), count: 0 };
    attempts.delete(group);
    attempts.set(group, fresh);
    const [first] = attempts.keys();
    if (attempts.size > MAX_ADDRESSES && first !== undefined) attempts.delete(first);
    return fresh;
  }

  return {
    begin(address) {
      const entry = find(address);
      if (entry.count >= MAX_FAILURES) return Math.max(1, (entry.since + WINDOW_MS - now()) / 1000);
      entry.count += 1;
      return 0;
    },
    succeed(address) {
      const entry = find(address);
      entry.count = Math.max(0, entry.count - 1);
    },
  };
}

/** Whoever has one IPv6 address has all of its network, which is 64 bits long. */
function toGroup(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = ''] = address.split('::');
  return head.split(':').slice(0, 4).join(':');
}
