import type { Command } from 'commander';
import { toSentence } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';
import { sourceId, wholeNumber } from '../read-options.ts';
import type { Act } from '../session.ts';
import { toRecordLine } from '../shown-event.ts';
import { readStream } from '../stream/read-stream.ts';

type TailOptions = {
  readonly source?: string;
  readonly type?: string;
  readonly subject?: string;
  readonly after?: string;
  readonly count?: number;
};

const HELP = `
With --json every line is a record, or {"reset":"<reason>"} where something
may have been missed. Ctrl-C ends it with exit code 0 and prints the id to go
on from.
`;

/** Adds `sluice tail`. */
export function addTailCommand(program: Command, act: Act): void {
  program
    .command('tail')
    .summary('Watch new records.')
    .description(
      'Print every new record as it is stored. After a break it goes on where it was, without a gap.',
    )
    .option('-s, --source <id>', 'Only records of this source.', sourceId)
    .option('-t, --type <type>', 'Only records of this type.')
    .option('--subject <subject>', 'Only records of this subject, like a device.')
    .option('--after <id>', 'Begin behind the record of this stream id.')
    .option('-n, --count <number>', 'End after so many records.', wholeNumber(1, 1_000_000_000))
    .addHelpText('after', HELP)
    .action(
      act(async ({ connect, output, signal }, options: TailOptions) => {
        const api = await connect();
        const { source, type, subject, after, count } = options;
        let last = after;
        let seen = 0;
        const items = readStream({
          api,
          signal,
          lastEventId: after,
          query: { source, type, subject },
          onOpen: () => output.note('Watching.'),
          onBreak: (reason) => output.note(`The stream broke off (${reason}); opening it again.`),
        });
        try {
          for await (const item of items) {
            if (item.kind === 'reset') {
              last = item.id === '' ? undefined : item.id;
              output.item({ reset: item.reason }, () =>
                output.paint('yellow', `Something may have been missed here: ${toSentence(item.reason)}`),
              );
              continue;
            }
            output.item(item.record, () => toRecordLine(item.record, output.paint));
            last = item.id;
            seen += 1;
            if (seen === count) break;
          }
        } catch (error) {
          if (!signal.aborted) throw error;
        }
        if (last !== undefined) output.note(`Go on from here with --after ${last}`);
        return EXIT.ok;
      }),
    );
}
