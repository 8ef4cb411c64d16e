import { maskUrlPasswords } from '@sluice/runtime/mask';
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../read-options.ts';
import type { Act } from '../session.ts';
import { findMongo } from '../store-address.ts';

const WAIT_SECONDS = 10;
const TIMEOUT_SECONDS = 600;

type MigrateOptions = { readonly wait: number; readonly timeout: number };

/** Adds `sluice migrate`. */
export function addMigrateCommand(program: Command, act: Act): void {
  program
    .command('migrate')
    .summary('Build the collections and indexes that are missing.')
    .description(
      'Build the collections and indexes that are missing, and leave alone what is there. Talks to MongoDB itself: MONGODB_URI, else that of the npm start that runs on DATA_DIR. Any number may run at once.',
    )
    .option(
      '--wait <seconds>',
      'How long to wait until MongoDB answers; longer for deployments that start it beside.',
      wholeNumber(1, 86_400),
      WAIT_SECONDS,
    )
    .option(
      '--timeout <seconds>',
      'How long to wait for the indexes.',
      wholeNumber(1, 86_400),
      TIMEOUT_SECONDS,
    )
    .action(
      act(async ({ output, signal }, { wait, timeout }: MigrateOptions) => {
        const { url: uri, from } = await findMongo();
        // Only here, so that no other command waits for the client of MongoDB to be loaded.
        const { buildMissing } = await import('../build-missing.ts');
        const { database, built } = await buildMissing(uri, {
          waitMs: wait * 1000,
          timeoutMs: timeout * 1000,
          signal,
          onWait: () =>
            output.note(`Waiting up to ${wait} s for MongoDB at ${maskUrlPasswords(uri)}${from}.`),
        });
        output.answer({ database, built }, () =>
          built.length === 0
            ? `Nothing was missing in the database ${database}.`
            : `Built in the database ${database}:\n${built.map((name) => `  ${name}`).join('\n')}`,
        );
        return EXIT.ok;
      }),
    );
}
