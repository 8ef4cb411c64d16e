/** Pointers longer than this are cut: keys come from strangers and can be of any length. */
const MAX_POINTER_LENGTH = 256;

/** Writes one step of an RFC 6901 JSON pointer. */
export function toPointerStep(key: string | number): string {
  const text = String(key);
  return /[~/]/.test(text) ? `/${text.replaceAll('~', '~0').replaceAll('/', '~1')}` : `/${text}`;
}

/** Writes a path as an RFC 6901 JSON pointer for people to read: well-formed, and cut after 256 characters. */
export function toPointer(path: readonly (string | number)[]): string {
  const pointer = path.map(toPointerStep).join('');
  const cut = pointer.length > MAX_POINTER_LENGTH ? `${pointer.slice(0, MAX_POINTER_LENGTH)}…` : pointer;
  return cut.toWellFormed();
}
