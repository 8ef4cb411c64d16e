import { Schema, type SchemaDefinitionProperty } from 'mongoose';
import type { CollectionName } from '../collections.ts';

/** Names every field of a document, so that a forgotten one does not compile. */
export type Fields<Document> = { readonly [Field in keyof Document]-?: SchemaDefinitionProperty };

/** The schemas of some collections. */
export type Schemas<Name extends CollectionName> = Readonly<Record<Name, Schema>>;

/** What all schemas have in common: a field that is not named is refused. */
export const OPTIONS = { strict: 'throw', versionKey: false, minimize: false } as const;

/** A text that must be there. */
export const text = { type: String, required: true } as const;

/** A number that must be there. */
export const integer = { type: Number, required: true } as const;

/** A time that must be there. */
export const time = { type: Date, required: true } as const;

/** A text that is there but may be empty or null, which `required` would refuse. */
export const anyText = { type: String, default: null } as const;

/** A value of any shape. */
export const anything = { type: Schema.Types.Mixed } as const;

/** Makes an index hold only the documents that have a field. */
export function only(field: string) {
  return { partialFilterExpression: { [field]: { $exists: true } } };
}
