import { z } from 'zod';
import { ROLES } from './access.ts';
import { listOf, pageSchema } from './api.ts';
import { isInOrder, NOT_IN_ORDER, timeRange } from './time-range.ts';

/** An unsafe call, as `audit_log` holds it. */
export type AuditEntry = {
  readonly at: Date;
  readonly tenant: string;
  readonly actor: { readonly keyId: string | null; readonly name: string; readonly role: string | null };
  /** The operation's id in the api's description, or what was done on Bull Board. */
  readonly action: string;
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  /** The body as JSON, secrets masked, cut after 4,096 characters; null when there was none. */
  readonly changes: string | null;
  readonly reason: string | null;
  readonly requestId: string;
  readonly remote: string;
  /** What was answered; null while it is not known: it is under way, or the process died over it. */
  readonly status: number | null;
  /** The error code that was answered. */
  readonly code: string | null;
};

/** What became of a call. */
export type AuditOutcome = { readonly status: number; readonly code: string | null };

export const auditQuerySchema = z
  .strictObject({
    actor: z.string().max(64).optional().describe('Only calls of this key: its name, or its public part.'),
    action: z.string().max(64).optional().describe('Only this action, like `replayEvent`.'),
    ...timeRange,
    ...pageSchema.shape,
  })
  .refine(isInOrder, NOT_IN_ORDER);
export type AuditQuery = z.infer<typeof auditQuerySchema>;

const auditItemSchema = z
  .object({
    id: z.string(),
    at: z.string(),
    actor: z.object({
      keyId: z.string().nullable(),
      name: z.string(),
      role: z.enum(ROLES).nullable().describe('Null for a sign-in that failed.'),
    }),
    action: z.string().describe("The operation's id in this description, or what was done on Bull Board."),
    method: z.string(),
    path: z.string(),
    params: z.record(z.string(), z.string()),
    changes: z.string().nullable().describe('The body as JSON, secrets masked, cut after 4,096 characters.'),
    reason: z.string().nullable(),
    requestId: z.string(),
    remote: z.string(),
    status: z.number().int().nullable().describe('Null: it is under way, or the process died over it.'),
    code: z.string().nullable().describe('The error code that was answered.'),
  })
  .meta({ id: 'AuditItem' });
export type AuditItem = z.infer<typeof auditItemSchema>;

export const auditListSchema = listOf(auditItemSchema);
