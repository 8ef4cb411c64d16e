/** What stands in the place of a secret. */
export const MASK = '***';

/** The length of a scheme is limited: else each letter of a long word would be tried as the beginning of all that follows. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:@/"'\\]*:)[^\s/"'\\]+(?=@)/gi;

/** Replaces the password of every URL in a text by `***`. */
export function maskUrlPasswords(text: string): string {
  return text.includes('://') ? text.replace(URL_PASSWORD, `$1${MASK}`) : text;
}
