/** What a key may do; each role may do what the ones before it may, so only a sender may not read. */
export const ROLES = ['sender', 'viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Tells whether `role` may do what `needed` may. */
export function mayActAs(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
