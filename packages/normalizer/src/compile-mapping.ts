import { type ProblemError, ProblemException } from '@sluice/contracts/errors';
import type { FieldLineage } from '@sluice/contracts/event';
import type { JsonValue } from '@sluice/contracts/json';
import type { MappedField, Mapping } from '@sluice/contracts/mapping';
import { canonicalize } from './canonical-json.ts';
import { createFieldReader, type FieldReader, isFieldProblem, toExpected } from './field-reader.ts';
import { toPointer } from './json-pointer.ts';
import { type PayloadPath, parsePath } from './payload-path.ts';
import type { ReadValue } from './read-value.ts';

/** The field that is the time of the record. */
export const TIMESTAMP_FIELD = 'timestamp';

/** A path, and the lineage of a value that is taken from it as it is. */
export type CompiledPath = PayloadPath & { readonly lineage: FieldLineage };

/** A mapped field, ready to be read. */
export type CompiledField = {
  readonly name: string;
  /** Where it can stand, best first. */
  readonly paths: readonly CompiledPath[];
  readonly as: MappedField['as'];
  /** What stands for no value, texts in lower case; null: nothing but null and, unless it is `any`, a blank text. */
  readonly blank: ReadonlySet<JsonValue> | null;
  readonly read: FieldReader;
  /** What a refusal says was expected. */
  readonly expected: string;
  readonly required: boolean;
  /** Its value where it is missing. */
  readonly fallback: ReadValue | null;
  /** Whether it is one of those that make two records the same. */
  readonly dedupes: boolean;
};

/** A mapping, ready for the hot path. */
export type CompiledMapping = {
  readonly fields: readonly CompiledField[];
  /** The fields of schema versions that have their own. */
  readonly versions: ReadonlyMap<number, readonly CompiledField[]>;
};

/**
 * Compiles the fields of a mapping: paths are split, formats and zones parsed, defaults read as their fields are.
 *
 * @throws ProblemException ERR_BODY_INVALID, whose `errors` point into the mapping, for what its schema cannot tell
 */
export function compileMapping(mapping: Mapping): CompiledMapping {
  const errors: ProblemError[] = [];
  const dedupe = new Set(mapping.dedupe?.fields);
  const compileAll = (fields: Mapping['fields'], base: readonly string[]) =>
    Object.entries(fields).map(([name, field]) =>
      compileField(name, field, dedupe.has(name), (path, detail) =>
        errors.push({ pointer: toPointer([...base, name, ...path]), detail }),
      ),
    );
  const fields = compileAll(mapping.fields, ['fields']);
  const versions = new Map<number, readonly CompiledField[]>();
  for (const [version, { fields: own }] of Object.entries(mapping.versions)) {
    const others = new Map(
      compileAll(own, ['versions', version, 'fields']).map((field) => [field.name, field]),
    );
    versions.set(
      Number(version),
      fields.map((field) => others.get(field.name) ?? field),
    );
  }
  if (!mapping.type.isWellFormed()) errors.push({ pointer: '/type', detail: 'holds a lone surrogate' });
  if (errors.length > 0) {
    throw new ProblemException('ERR_BODY_INVALID', 'The mapping cannot be used.', { errors });
  }
  return { fields, versions };
}

function compileField(
  name: string,
  field: MappedField,
  dedupes: boolean,
  complain: (path: readonly (string | number)[], detail: string) => void,
): CompiledField {
  const paths: CompiledPath[] = [];
  for (const [index, text] of field.from.entries()) {
    const path = text.isWellFormed() ? parsePath(text) : null;
    if (path !== null) paths.push({ ...path, lineage: { from: path.pointer, rule: 'mapping' } });
    else complain(['from', index], 'expected names with dots between them; \\. is a dot in a name');
  }
  const expected = toExpected(field);
  const reader = createFieldReader(field);
  if (isFieldProblem(reader)) complain(reader.path, reader.detail);
  if (name === TIMESTAMP_FIELD && field.as !== 'date') complain(['as'], 'expected date');
  const read = isFieldProblem(reader) ? () => null : reader;
  const fallback = field.default === undefined ? null : read(field.default);
  if (field.default !== undefined && !isFieldProblem(reader) && !isKeepable(fallback)) {
    complain(['default'], `expected ${expected}, as the field is in a payload`);
  }
  const { as, required } = field;
  return { name, paths, as, blank: toBlank(field), read, expected, required, fallback, dedupes };
}

function toBlank({ blank }: MappedField): CompiledField['blank'] {
  if (blank === undefined) return null;
  return new Set(blank.map((value) => (typeof value === 'string' ? value.toLowerCase() : value)));
}

function isKeepable(read: ReadValue | null): boolean {
  if (read === null) return false;
  try {
    canonicalize(read.value);
    return true;
  } catch {
    return false;
  }
}
