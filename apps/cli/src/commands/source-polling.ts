import { pollQueuedSchema, sourceItemSchema } from '@sluice/contracts/sources-api';
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import { sourceId } from '../read-options.ts';
import type { Act } from '../session.ts';

/** Adds `poll`, `pause` and `resume` to `sluice sources`. */
export function addPollingCommands(sources: Command, act: Act): void {
  sources
    .command('poll')
    .description('Ask for a poll now, beside the schedule; sluice sources show tells what came of it.')
    .argument('<id>', 'Name of the source.', sourceId)
    .action(
      act(async ({ connect, output }, _options: Record<never, never>, id: string) => {
        const api = await connect();
        const request = { method: 'POST', path: `/api/sources/${encodeURIComponent(id)}/poll` } as const;
        const { value } = await api.ask(request, pollQueuedSchema);
        output.answer(value, () => `A poll of ${id} is asked for.`);
        return EXIT.ok;
      }),
    );

  for (const [name, description, done] of [
    ['pause', 'Stop polling; a run in hand ends.', 'is paused'],
    ['resume', 'Go on polling from where it was paused.', 'is polled again'],
  ] as const) {
    sources
      .command(name)
      .description(description)
      .argument('<id>', 'Name of the source.', sourceId)
      .action(
        act(async ({ connect, output }, _options: Record<never, never>, id: string) => {
          const api = await connect();
          const request = { method: 'POST', path: `/api/sources/${encodeURIComponent(id)}/${name}` } as const;
          const { value } = await api.ask(request, sourceItemSchema);
          output.answer(value, () => `${id} ${done}.`);
          return EXIT.ok;
        }),
      );
  }
}
