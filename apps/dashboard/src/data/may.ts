import { mayActAs, type Role } from '@sluice/contracts/roles';
import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from './session.ts';

/** Says which role is missing to do something, for the text beside its button; undefined when nothing is. */
export function useLack(needed: Role): string | undefined {
  const { data: session } = useQuery(sessionQuery);
  if (session === undefined || session === null || mayActAs(session.role, needed)) return undefined;
  return `needs the role ${needed}`;
}
