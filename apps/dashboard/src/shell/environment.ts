import { useStoredText } from './preferences.ts';

/** Where the name of the environment is kept. */
export const ENVIRONMENT = 'environment';

/** Returns the name by which a person knows this environment; its address where nobody named it. */
export function useEnvironment(): string {
  const [name] = useStoredText(ENVIRONMENT);
  return name === null || name.trim() === '' ? location.host : name;
}
