import { type FieldRule, findField, hasField, type PayloadView, TIMESTAMP_ALIASES } from '../aliases.ts';
import { isRefusal, readFields, toFieldName, toMissing, toReadResult } from '../read-fields.ts';
import type { BuiltInRules } from '../rule-set.ts';
import { AMOUNT_RULE } from './metric.ts';

const NAME: FieldRule = { field: 'name', from: ['name', 'fullname'], as: 'text', need: 'required' };

const FIRST_NAME: FieldRule = {
  field: 'first_name',
  from: ['firstname', 'givenname', 'forename'],
  as: 'text',
  need: 'expected',
};

const LAST_NAME: FieldRule = {
  field: 'last_name',
  from: ['lastname', 'familyname', 'surname'],
  as: 'text',
  need: 'expected',
};

const EMAIL: FieldRule = {
  field: 'email',
  from: ['email', 'emailaddress', 'mail'],
  as: 'text',
  need: 'optional',
};

const ID: FieldRule = { field: 'id', from: ['id', 'personid', 'userid'], as: 'scalar', need: 'optional' };

const TIMESTAMP: FieldRule = { field: 'timestamp', from: TIMESTAMP_ALIASES, as: 'time', need: 'optional' };

/** Fields that only people have, and fields that people have too. */
const PERSONAL = new Set<string>([
  ...EMAIL.from,
  ...[
    'phone',
    'phonenumber',
    'mobile',
    'telephone',
    'birthday',
    'birthdate',
    'dateofbirth',
    'dob',
    'gender',
    'sex',
    'age',
  ],
]);
const NEUTRAL = new Set<string>([
  ...NAME.from,
  ...ID.from,
  ...TIMESTAMP_ALIASES,
  'address',
  'city',
  'country',
]);

/** A person: `{name}` in version 1, `{first_name, last_name}` from version 2 on; email and id where given. */
export const personRules: BuiltInRules = {
  type: 'person',

  recognizes(view, schemaVersion) {
    return hasTwoNames(view) || (schemaVersion === 1 && isPersonByName(view));
  },

  read(view, schemaVersion) {
    const twoNames = hasTwoNames(view);
    // A version-1 sender may well send both names apart already: version 1 is also what is assumed.
    if (!twoNames && schemaVersion >= 2) return toMissing(FIRST_NAME.field);
    const names = twoNames ? [FIRST_NAME, LAST_NAME] : [NAME];
    const collected = readFields([...names, EMAIL, ID, TIMESTAMP], view);
    if (isRefusal(collected)) return collected;
    // People share names: without a moment, equal names do not make two events the same.
    if (!collected.dedupe.has(TIMESTAMP.field)) collected.dedupe.set(TIMESTAMP.field, null);
    const subject = toFieldName(collected, EMAIL.field) ?? toFieldName(collected, ID.field);
    return toReadResult(collected, subject, view.payload);
  },
};

function hasTwoNames(view: PayloadView): boolean {
  return hasField(FIRST_NAME, view) || hasField(LAST_NAME, view);
}

/** Many things have a name: it is a person's when nothing else is there but what people have. */
function isPersonByName(view: PayloadView): boolean {
  const name = findField(NAME, view)?.value;
  if (typeof name !== 'string' || hasField(AMOUNT_RULE, view)) return false;
  const keys = [...view.index.keys()];
  if (!keys.every((key) => PERSONAL.has(key) || NEUTRAL.has(key))) return false;
  return keys.some((key) => PERSONAL.has(key)) || /\S\s+\S/.test(name.trim());
}
