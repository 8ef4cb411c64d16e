/** Reads the named texts from an address; what is empty or no text is left out. */
export function readTexts<Name extends string>(
  search: Readonly<Record<string, unknown>>,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const texts: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = search[name];
    if (typeof value === 'string' && value !== '') texts[name] = value;
    // An address like ?source=42 is read as a number.
    else if (typeof value === 'number' || typeof value === 'boolean') texts[name] = String(value);
  }
  return texts;
}
