import { type DeepReadonly, loadConfig, secret } from '@sluice/runtime/config';
import { url } from '@sluice/runtime/fields';
import { KNOWN_SETTINGS, settings } from '@sluice/runtime/settings';
import { z } from 'zod';

const DEFAULT_URL = 'http://127.0.0.1:3001';

const apiSettings = {
  SLUICE_URL: url('http:', 'https:').default(DEFAULT_URL).describe('Address of the api.'),
  SLUICE_API_KEY: secret(z.string().optional().describe('Key that is sent to the api.')),
};

const KNOWN = [...KNOWN_SETTINGS, ...Object.keys(apiSettings)];
const apiSchema = z.object(apiSettings);

/**
 * Reads where the api is, and the key to it.
 *
 * @throws ConfigError
 */
export function loadApiConfig(): DeepReadonly<z.output<typeof apiSchema>> {
  return loadConfig(apiSchema, { known: KNOWN });
}

/**
 * Reads some of the settings that every process has, those that are named.
 *
 * @throws ConfigError
 */
export function loadSettings<const Name extends keyof typeof settings>(...names: readonly Name[]) {
  const shape = Object.fromEntries(names.map((name) => [name, settings[name]])) as Pick<
    typeof settings,
    Name
  >;
  return loadConfig(z.object(shape), { known: KNOWN });
}
