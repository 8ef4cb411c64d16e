import { resolve } from 'node:path';
import { buildDashboard } from '@sluice/local/dashboard-build';

/**
 * Vitest's global set-up of the tests with a browser: builds the dashboard once for all of them, unless it is built.
 *
 * @public called by Vitest
 */
export default function setUp(): Promise<void> {
  return buildDashboard(resolve(import.meta.dirname, '../..'), () => undefined);
}
