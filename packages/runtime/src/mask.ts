/** What stands in the place of a secret. */
export const MASK = '***';

const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:@/"'\\]*:)[^\s/"'\\]+(?=@)/gi;

/** Replaces the password of every URL in a text by `***`. */
export function maskUrlPasswords(text: string): string {
  return text.includes('://') ? text.replace(URL_PASSWORD, `$1${MASK}`) : text;
}
