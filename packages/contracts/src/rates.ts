import { z } from 'zod';

const rate = z.object({
  accepted: z.number().describe('New events stored.'),
  normalized: z.number(),
  duplicate: z.number(),
  dead: z.number(),
  failed: z.number().describe('Attempts that will be repeated.'),
});

/** How fast events are settled: those of one tenant, or of all, as the rest of the answer. */
export const ratesSchema = z
  .object({
    lastMinute: rate.describe('Events per minute in the last minute, by outcome.'),
    lastFiveMinutes: rate.describe('Events per minute in the last five minutes, by outcome.'),
  })
  .meta({ id: 'Rates' });
export type Rates = z.infer<typeof ratesSchema>;
