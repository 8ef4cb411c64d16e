import type { SourceAdapter } from './define-source.ts';

/** The code adapters of this build (`defineSource`): a new one is a file beside this, and its line here. */
export const ADAPTERS: readonly SourceAdapter[] = [];
