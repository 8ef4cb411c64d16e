/*
 * How the ids of a source are ordered: as whole numbers, exactly, however long, until one was seen that is none; from
 * then on all as text, by UTF-16 code unit. Ids in hexadecimal are digits alone now and then, and stand between their
 * neighbours all the same.
 */

/** The order of a source's ids. */
export type IdOrder = {
  readonly isText: boolean;
  /** Compares two ids: below 0 when the first is lower. */
  compare(left: string, right: string): number;
  /** Returns the higher of two ids; the other one where one is missing. */
  toHigher(left: string | null, right: string | null): string | null;
};

const WHOLE_NUMBER = /^-?\d{1,100}$/;

const AS_NUMBERS = toOrder(false, compareNumbers);
const AS_TEXT = toOrder(true, (left, right) => (left < right ? -1 : left > right ? 1 : 0));

/** Returns the order of a source with these ids; missing ones tell nothing. */
export function findIdOrder(
  wasText: boolean | undefined,
  ids: readonly (string | null | undefined)[],
): IdOrder {
  const isText = wasText || ids.some((id) => typeof id === 'string' && !WHOLE_NUMBER.test(id));
  return isText ? AS_TEXT : AS_NUMBERS;
}

function toOrder(isText: boolean, compare: IdOrder['compare']): IdOrder {
  return {
    isText,
    compare,
    toHigher(left, right) {
      if (left === null || right === null) return left ?? right;
      return compare(left, right) > 0 ? left : right;
    },
  };
}

function compareNumbers(left: string, right: string): number {
  const difference = BigInt(left) - BigInt(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
