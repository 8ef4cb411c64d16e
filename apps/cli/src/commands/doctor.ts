import { type Command, InvalidArgumentError } from 'commander';
import type { Check, CheckStatus } from '../doctor/check.ts';
import { PARTS, type Part } from '../doctor/parts.ts';
import { EXIT } from '../exit-codes.ts';
import type { Paint, Style } from '../paint.ts';
import type { Act } from '../session.ts';

const HELP = `
Redis, MongoDB and the apps are looked for where the environment says, with
the same variables as the services have (docs/configuration.md). Without
REDIS_URL and MONGODB_URI the stores of the npm start or npm run demo that
runs on DATA_DIR are found by themselves, and its SECRETS_KEY. Ends with 1 when
a check failed; warnings do not count.

Examples:
  sluice doctor
  sluice doctor --skip apps
  REDIS_URL=redis://redis:6379 MONGODB_URI='mongodb://mongo:27017/sluice?replicaSet=rs0' sluice doctor
`;

const MARKS: Readonly<Record<CheckStatus, readonly [string, Style]>> = {
  ok: ['ok  ', 'green'],
  warn: ['warn', 'yellow'],
  fail: ['fail', 'red'],
};

/** Adds `sluice doctor`. */
export function addDoctorCommand(program: Command, act: Act): void {
  program
    .command('doctor')
    .summary('Check the settings, the stores and the apps.')
    .description('Check the settings, Redis, MongoDB and the apps, and say how to mend what is wrong.')
    .option('--skip <part>', `Leave a part out: ${PARTS.join(', ')}; may be repeated.`, toPart)
    .addHelpText('after', HELP)
    .action(
      act(async ({ output, toUrl }, { skip = [] }: { readonly skip?: readonly Part[] }) => {
        // Only here, so that no other command waits for the clients of the stores to be loaded.
        const { examine } = await import('../doctor/doctor.ts');
        const checks = await examine(
          PARTS.filter((part) => !skip.includes(part)),
          toUrl(),
        );
        const isWell = checks.every(({ status }) => status !== 'fail');
        output.answer({ ok: isWell, checks }, () => renderChecks(checks, output.paint));
        return isWell ? EXIT.ok : EXIT.no;
      }),
    );
}

function renderChecks(checks: readonly Check[], paint: Paint): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, status, detail, mend }) => {
    const [mark, style] = MARKS[status];
    const indent = ' '.repeat(width + 8);
    const line = `${paint(style, mark)}  ${name.padEnd(width)}  ${detail.replaceAll('\n', `\n${indent}`)}`;
    return mend === null ? [line] : [line, `${indent}${paint('bold', mend)}`];
  });
  const count = (of: CheckStatus): number => checks.filter(({ status }) => status === of).length;
  return `${lines.join('\n')}\n\n${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} wrong.`;
}

function toPart(text: string, before: readonly Part[] = []): readonly Part[] {
  const part = PARTS.find((name) => name === text);
  if (part === undefined) throw new InvalidArgumentError(`Expected one of ${PARTS.join(', ')}.`);
  return [...before, part];
}
