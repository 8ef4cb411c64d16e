import { DEFAULT_TENANT } from '@sluice/contracts/event';
import { KNOWN_SETTINGS } from '@sluice/runtime/settings';

const SETTINGS: ReadonlySet<string> = new Set(KNOWN_SETTINGS);

/** What platforms put into the environment of a process to let it in somewhere. */
const OF_PLATFORM =
  /^(?:AWS|AZURE|ARM|GOOGLE|GCP|GCLOUD|CLOUDSDK|KUBERNETES|VAULT|CONSUL|DOCKER|NODE|NPM|LD|SSH|REDIS|MONGO|MONGODB|PG|PGPASSWORD|POSTGRES|DATABASE)(?:_|$)/i;

/**
 * Says why a source that is sent to the api may not take its secret from a variable; null when it may. A source decides
 * where its secret goes, so whoever may add one could read every variable of the process that polls it.
 */
export function findVariableProblem(name: string, tenant: string): string | null {
  if (tenant !== DEFAULT_TENANT) return 'variables are not for tenants; give the value, which is encrypted';
  if (SETTINGS.has(name) || OF_PLATFORM.test(name)) {
    return `${name} is not for sources; name a variable of the source's own, or give the value`;
  }
  return null;
}
