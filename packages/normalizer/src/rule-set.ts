import type { ErrorCode } from '@sluice/contracts/errors';
import type { FieldLineage, NormalizationWarning } from '@sluice/contracts/event';
import type { JsonValue } from '@sluice/contracts/json';
import type { PayloadView } from './aliases.ts';

/** What a rule set read from a payload, in the shape of one schema version. */
export type Reading = {
  readonly subject: string | null;
  /** RFC 3339 UTC with milliseconds. */
  readonly timestamp: string | null;
  /** Canonical fields by name, without the timestamp; null where an expected one is missing. */
  readonly fields: ReadonlyMap<string, JsonValue>;
  /** What makes two records the same: the canonical fields, and the timestamp with all its digits. */
  readonly dedupe: ReadonlyMap<string, JsonValue>;
  /** Fields of the payload that no rule knows, under their own names. */
  readonly extras: ReadonlyMap<string, JsonValue>;
  readonly lineage: ReadonlyMap<string, FieldLineage>;
  readonly warnings: readonly NormalizationWarning[];
};

/** Why an event cannot become a record: a permanent failure. Messages never quote the payload. */
export type Refusal = {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
  readonly field?: string;
};

/** A reading, or why there is none. */
export type ReadResult = { readonly kind: 'read'; readonly reading: Reading } | Refusal;

/**
 * Turns payloads of one type into readings. The built-in sets guess by aliases; a declared mapping is another
 * set whose paths are given instead of guessed.
 */
export type RuleSet = {
  readonly type: string;
  /** Tells whether a payload whose type nobody named looks like this type. */
  recognizes(view: PayloadView, schemaVersion: number): boolean;
  read(view: PayloadView, schemaVersion: number): ReadResult;
};
