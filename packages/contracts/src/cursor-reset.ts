import { z } from 'zod';

export const cursorResetBodySchema = z.strictObject({
  reset: z.literal(true).describe('Nothing else can be done with a cursor.'),
  reason: z.string().trim().min(3).max(500).describe('Why, for the audit log.'),
});

export const cursorResetSchema = z
  .object({
    source: z.string(),
    reset: z.boolean().describe('False: it has none yet, because no answer was kept.'),
  })
  .meta({ id: 'CursorReset' });
