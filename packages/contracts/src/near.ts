/**
 * Returns the candidate that a misspelt name most likely means: the nearest by edits (insert, delete, replace),
 * at most 2 of them, at most 1 for a candidate of 5 to 7 characters, none for a shorter one (`PATH` and `AUTH`
 * are two edits apart); undefined when none is that near.
 */
export function findNear(name: string, candidates: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let nearestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const allowed = candidate.length >= 8 ? 2 : candidate.length >= 5 ? 1 : 0;
    if (candidate === name || Math.abs(candidate.length - name.length) > allowed) continue;
    const distance = countEdits(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= allowed && distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** Counts the edits between two texts (Levenshtein, two rows). */
function countEdits(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}
