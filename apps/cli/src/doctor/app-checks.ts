import { z } from 'zod';
import { toMessage } from '../cli-error.ts';
import { type Check, type Finding, fail, ok } from './check.ts';

/** An app that is asked whether it is ready. */
export type AskedApp = {
  readonly name: string;
  readonly url: string;
  /** What to do when it does not answer. */
  readonly mend: string;
};

const ASK_MS = 4000;

const readinessSchema = z.looseObject({
  status: z.string(),
  checks: z.record(z.string(), z.looseObject({ ok: z.boolean(), reason: z.string().optional() })),
});

/** Asks apps for `/readyz`, all at once. */
export function checkApps(apps: readonly AskedApp[]): Promise<readonly Check[]> {
  return Promise.all(apps.map(async (app) => ({ name: app.name, ...(await askApp(app)) })));
}

async function askApp({ name, url, mend }: AskedApp): Promise<Finding> {
  let status: number;
  let body: unknown;
  try {
    const response = await fetch(new URL('/readyz', url), {
      redirect: 'error',
      signal: AbortSignal.timeout(ASK_MS),
    });
    status = response.status;
    body = await response.json();
  } catch (error) {
    return fail(`${url} does not answer (${toReason(error)}).`, mend);
  }
  const parsed = readinessSchema.safeParse(body);
  if (!parsed.success) return fail(`What answers at ${url} is not the ${name} of Sluice.`, mend);
  if (status === 200) return ok(`${url} is ready.`);
  const wrong = Object.entries(parsed.data.checks).filter(([, check]) => !check.ok);
  const reasons = wrong.map(([check, { reason = 'not ok' }]) => `${check}: ${reason}`).join('; ');
  return fail(
    `${url} is ${parsed.data.status}${reasons === '' ? '' : ` (${reasons})`}.`,
    'Mend what it names; it becomes ready by itself.',
  );
}

function toReason(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${ASK_MS / 1000} s`;
  const cause: unknown = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : toMessage(cause);
}
