import type { ErrorCode } from '@sluice/contracts/errors';
import type { FieldLineage, NormalizationWarning } from '@sluice/contracts/event';
import type { JsonValue } from '@sluice/contracts/json';
import type { PayloadView } from './aliases.ts';
import type { RoundedNumbers } from './rounded-number.ts';

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

/** A reading, why there is none, or that the payload is no object and is to be kept as it is. */
export type DeclaredResult = ReadResult | { readonly kind: 'not-object' };

/** What is known of an event beside its payload. */
export type ReadContext = {
  readonly tenant: string;
  readonly source: string;
  readonly schemaVersion: number;
  /** RFC 3339. */
  readonly receivedAt: string;
  /** Numbers of the payload that lost digits, as they are now; absent when none did. */
  readonly rounded?: RoundedNumbers;
};

/** A built-in type: guesses by aliases what the fields of a payload are. */
export type BuiltInRules = {
  readonly type: string;
  /** Tells whether a payload whose type nobody named looks like this type. */
  recognizes(view: PayloadView, schemaVersion: number): boolean;
  read(view: PayloadView, schemaVersion: number): ReadResult;
};

/** What somebody declared of a source, as a mapping or as code: makes readings of one type of all its payloads. */
export type RuleSet = {
  readonly type: string;
  /** Schema versions that are declared by name: events of them need no worker that knows them otherwise. */
  readonly versions: ReadonlySet<number>;
  /** Reads any payload; never throws. */
  read(payload: JsonValue, context: ReadContext): DeclaredResult;
};
