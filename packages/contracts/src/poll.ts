import { z } from 'zod';

/** How a source writes its times; a request writes them the same way. */
const CURSOR_FORMS = ['iso', 'local', 'seconds', 'millis'] as const;

/** A point in a source's time: epoch ms, rounded down, and how the source writes it. */
const cursorValueSchema = z.object({ atMs: z.number().int(), form: z.enum(CURSOR_FORMS) });

/** Where polling a source stands, as `checkpoints` holds it. */
export const checkpointSchema = z.object({
  /** Everything up to here was read; null before the first run is over. */
  point: cursorValueSchema.nullable(),
  /** A run that is not over. */
  run: z
    .object({
      nextPage: z.number().int(),
      highest: cursorValueSchema.nullable(),
      /** The earliest time that the source's own clock showed in this run, epoch ms. */
      asOfMs: z.number().int(),
      /** Names what the page before held, to notice a source that sends the same page for ever. */
      fingerprint: z.string(),
    })
    .nullable(),
});
export type PollCheckpoint = Readonly<z.infer<typeof checkpointSchema>>;

export type CursorValue = Readonly<z.infer<typeof cursorValueSchema>>;

/** Where a source that was never polled stands. */
export const FIRST_CHECKPOINT: PollCheckpoint = { point: null, run: null };
