/**
 * Does a work for each of some things, one after the other. Where it fails the others get theirs all the same, as long as
 * `isThere` does not reject: it tells one that cannot be done from a MongoDB that is away.
 *
 * @throws the first failure, when everything was tried
 */
export async function doEachApart<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  isThere: () => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    try {
      await work(item);
    } catch (error) {
      failures.push(error);
      await isThere();
    }
  }
  if (failures.length > 0) throw failures[0];
}
