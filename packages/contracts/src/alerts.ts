import { z } from 'zod';

/**
 * What alerts are about. A further kind is a line here, its check in `apps/scheduler/src/alerts/checks/` and its section in
 * docs/alerts.md.
 */
export const ALERT_KINDS = ['dead-letters', 'unaccounted', 'inbox', 'lag', 'poll', 'backup'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

const ALERT_STATES = ['firing', 'resolved'] as const;
type AlertState = (typeof ALERT_STATES)[number];

/** What the value of an alert counts. */
const ALERT_UNITS = ['events', 'seconds', 'documents'] as const;
export type AlertUnit = (typeof ALERT_UNITS)[number];

/** How many alerts `GET /api/alerts` tells at most, of those that are firing and of the last resolved ones. */
export const MAX_FIRING_ALERTS = 500;
export const MAX_RESOLVED_ALERTS = 50;

const time = z.string().describe('RFC 3339, UTC.');

/** What is told of an alert wherever it is told. */
const told = {
  id: z.string().describe('The same as long as it lasts, and of no other: `alr_` and 24 hex digits.'),
  kind: z.enum(ALERT_KINDS),
  subject: z.string().describe('What it is about: an error code, a source, or the part of the system.'),
  state: z.enum(ALERT_STATES),
  since: time,
  resolvedAt: time.nullable(),
  value: z.number().describe('How much of it there is, or was last.'),
  unit: z.enum(ALERT_UNITS).describe('What `value` counts.'),
  text: z.string().describe('What is wrong and what to do, or that it is over: one sentence.'),
  dashboard: z.string().describe('The page of the dashboard to look at, from its root.'),
};

/** The body of a webhook that tells of an alert. */
export const alertMessageSchema = z
  .object({
    type: z.enum(['alert.firing', 'alert.resolved']),
    timestamp: time.describe('When the notice was made; RFC 3339, UTC.'),
    data: z.object({
      ...told,
      previousValue: z.number().nullable().describe('`value` of the notice before; null in the first.'),
      notice: z.number().int().describe('The how-manieth notice of this alert it is, from 1.'),
      link: z.string().nullable().describe('`dashboard` as a whole address; null without PUBLIC_URL.'),
    }),
  })
  .meta({ id: 'AlertMessage' });
export type AlertMessage = z.infer<typeof alertMessageSchema>;

/** An alert as the api shows it. */
const alertSchema = z
  .object({
    ...told,
    notices: z.number().int().describe('Notices that were made of it; 0 without ALERT_WEBHOOK_URL.'),
    noticedAt: time.nullable().describe('When the last of them was made.'),
    unsent: z.number().int().describe('Notices that the receiver has not taken yet.'),
  })
  .meta({ id: 'Alert' });
export type Alert = z.infer<typeof alertSchema>;

export const alertListSchema = z
  .object({
    firing: z
      .array(alertSchema)
      .describe(`What is wrong now, the newest first; ${MAX_FIRING_ALERTS} at most.`),
    resolved: z
      .array(alertSchema)
      .describe(`The last ${MAX_RESOLVED_ALERTS} that are over, the newest first; kept for 30 days.`),
  })
  .meta({ id: 'Alerts' });
export type AlertList = z.infer<typeof alertListSchema>;

/** A message to the receiver of alerts that it has not taken yet. */
export type AlertNotice = {
  /** The `webhook-id`: the same however often it is sent. */
  readonly id: string;
  readonly at: Date;
  /** The body to the byte. */
  readonly body: string;
  readonly attempts: number;
};

/** An alert as `alerts` holds it. */
export type AlertDocument = {
  readonly _id: string;
  readonly kind: AlertKind;
  readonly subject: string;
  readonly state: AlertState;
  readonly since: Date;
  readonly resolvedAt: Date | null;
  readonly value: number;
  readonly unit: AlertUnit;
  readonly text: string;
  readonly dashboard: string;
  /** Looks in a row that did not find it. */
  readonly clearLooks: number;
  readonly notices: number;
  readonly noticedAt: Date | null;
  readonly noticedValue: number | null;
  readonly outbox: readonly AlertNotice[];
  /** There while it is firing, or notices of it are to be sent. */
  readonly open?: true;
  /** Rises with every change: who goes by an older one changes nothing. */
  readonly revision: number;
  /** When it is forgotten; only of resolved ones. */
  readonly expiresAt?: Date;
};
