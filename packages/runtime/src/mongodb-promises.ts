/** The driver's names of what a journaled write asks for, the old ones included. */
const JOURNAL = ['journal', 'j', 'fsync'];

/** Tells whether a MongoDB URI leaves writes journaled and reads to the primary. */
export function isJournaledAndPrimary(uri: string): boolean {
  const [, query = ''] = /\?(.*)/s.exec(uri) ?? [];
  return [...new URLSearchParams(query)].every(([written, value]) => {
    const name = written.toLowerCase();
    if (name === 'readpreference') return value === 'primary';
    return !JOURNAL.includes(name) || value === 'true';
  });
}
