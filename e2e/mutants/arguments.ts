import { parseOptions, UsageError } from '@sluice/local/command-line';
import type { Mutant } from './mutant.ts';

/** How the command is used. */
export const USAGE = `Usage: npm run test:mutants -- [--only <part of the name>]... [--list]

Breaks the product one way at a time and names the test that catches each.
  --only   tries only the mutants whose name contains this; may be given several times
  --list   lists them, and whether they still fit the code, without running anything
`;

/** What the command was asked for. */
export type Arguments = { readonly mutants: readonly Mutant[]; readonly isListing: boolean };

/**
 * Reads the arguments.
 *
 * @throws UsageError for options that there are not and parts that no name contains
 */
export function readArguments(args: readonly string[], all: readonly Mutant[]): Arguments {
  const { only, list } = parseOptions(args, {
    only: { type: 'string', multiple: true },
    list: { type: 'boolean', default: false },
  });
  const unmatched = only?.find((part) => !all.some(({ name }) => name.includes(part)));
  if (unmatched !== undefined) throw new UsageError(`No mutant's name contains "${unmatched}".`);
  const mutants = all.filter(({ name }) => only?.some((part) => name.includes(part)) ?? true);
  return { mutants, isListing: list };
}
