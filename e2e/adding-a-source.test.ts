import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { readLogs, startTestStack, type TestStack } from './test-stack.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '..');
const SECRET = 'open-sesame';

/** A command of the page, and what it says that comes back. */
type Step = { readonly command: string; readonly answer: unknown };

async function readPage(): Promise<{ readonly yaml: string; readonly steps: readonly Step[] }> {
  const text = await readFile(join(ROOT, 'docs/adding-a-source.md'), 'utf8');
  const [, yaml = ''] = /^```yaml\n(.*?)^```$/ms.exec(text) ?? [];
  const steps = [...text.matchAll(/^```bash\n(.*?)^```$.*?^```json\n(.*?)^```$/gms)].map(
    ([, command = '', answer = '']): Step => ({ command, answer: JSON.parse(answer) }),
  );
  return { yaml, steps };
}

describe('docs/adding-a-source.md', () => {
  let sluice: TestStack;
  let steps: readonly Step[];

  beforeAll(async () => {
    const page = await readPage();
    steps = page.steps;
    sluice = await startTestStack({ sources: page.yaml, env: { SHOP_SECRET: SECRET }, workers: 1 });
    // Who types needs longer than a worker to learn of a mapping; this does not.
    await vi.waitFor(
      async () => expect(await readLogs(sluice.stack)).toMatch(/"active":1.*"mappings\.read"/),
      {
        timeout: 10_000,
      },
    );
  });

  /** Runs a command of the page against this stack's addresses. */
  async function follow(command: string): Promise<unknown> {
    const here = command
      .replaceAll('http://127.0.0.1:3000', sluice.stack.ingestUrl.replace(/\/$/, ''))
      .replaceAll('http://127.0.0.1:3001', sluice.stack.apiUrl.replace(/\/$/, ''));
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', SHOP_SECRET: SECRET };
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', here], { env });
    return JSON.parse(stdout);
  }

  it('leads to the answers that it shows', async () => {
    expect(steps).toHaveLength(6);
    for (const { command, answer } of steps) {
      await vi.waitFor(async () => expect(await follow(command), command).toMatchObject(answer as object), {
        timeout: 20_000,
        interval: 200,
      });
    }
    const { ledger } = await sluice.settled();
    expect(ledger).toMatchObject({ accepted: 1, normalized: 1, dead: 0 });
  });
});
