/** A promise, and what breaks it: nothing when it holds. */
export type Check = { readonly name: string; readonly broken: readonly string[] };
