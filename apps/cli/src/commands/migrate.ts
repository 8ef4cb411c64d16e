import type { Command } from 'commander';
import { loadSettings } from '../config.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../read-options.ts';
import type { Act } from '../session.ts';

const TIMEOUT_SECONDS = 600;

/** Adds `sluice migrate`. */
export function addMigrateCommand(program: Command, act: Act): void {
  program
    .command('migrate')
    .summary('Build the collections and indexes that are missing.')
    .description(
      'Build the collections and indexes that are missing, and leave alone what is there. Talks to MongoDB itself: MONGODB_URI. Any number may run at once.',
    )
    .option(
      '--timeout <seconds>',
      'How long to wait for MongoDB and for the indexes.',
      wholeNumber(1, 86_400),
      TIMEOUT_SECONDS,
    )
    .action(
      act(async ({ output }, { timeout }: { readonly timeout: number }) => {
        const { MONGODB_URI: uri } = loadSettings('MONGODB_URI');
        // Only here, so that no other command waits for the client of MongoDB to be loaded.
        const { buildMissing } = await import('../build-missing.ts');
        const { database, built } = await buildMissing(uri, timeout * 1000);
        output.answer({ database, built }, () =>
          built.length === 0
            ? `Nothing was missing in the database ${database}.`
            : `Built in the database ${database}:\n${built.map((name) => `  ${name}`).join('\n')}`,
        );
        return EXIT.ok;
      }),
    );
}
