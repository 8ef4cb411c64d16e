/**
 * Returns the candidate that a misspelt name most likely means: the nearest by edits (insert, delete, replace),
 * at most 2 of them, at most 1 for a candidate of 5 to 7 characters, none for a shorter one (`PATH` and `AUTH`
 * are two edits apart). Two letters in each other's place are one edit, allowed from 4 characters on. Undefined when none
 * is that near.
 */
export function findNear(name: string, candidates: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let nearestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const allowed = candidate.length >= 8 ? 2 : candidate.length >= 5 ? 1 : 0;
    if (candidate === name || Math.abs(candidate.length - name.length) > allowed) continue;
    const [given, meant] = [name.toLowerCase(), candidate.toLowerCase()];
    const isNear = candidate.length >= 4 && areSwapped(given, meant);
    const distance = isNear ? 1 : countEdits(given, meant);
    if ((isNear || distance <= allowed) && distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/** Tells whether two texts are the same but for two neighbours in each other's place. */
function areSwapped(left: string, right: string): boolean {
  const at = [...left].findIndex((letter, index) => letter !== right[index]);
  const swapped = `${left.slice(0, at)}${left[at + 1]}${left[at]}${left.slice(at + 2)}`;
  return at >= 0 && swapped === right;
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
