/**
 * How documents are read that are written again: every value keeps its type, so that 1.0 does not become 1, and a text
 * that is not UTF-8 does not hold up the others.
 */
export const AS_STORED = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
  enableUtf8Validation: false,
  // The same for BSON.deserialize, which does not know the driver's name of it.
  validation: { utf8: false },
} as const;
