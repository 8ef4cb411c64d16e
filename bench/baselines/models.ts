/*
 * What both baselines store: the event as it came and the record made from it, as a competent engineer models them
 * with mongoose. Unique keys make a repeated event harmless.
 */
import { createHash } from 'node:crypto';
import { type Connection, createConnection, type InferSchemaType, type Model, Schema } from 'mongoose';

const rawEventSchema = new Schema({
  eventId: { type: String, required: true, unique: true },
  source: { type: String, required: true },
  payload: { type: Schema.Types.Mixed, required: true },
  receivedAt: { type: Date, required: true },
});
rawEventSchema.index({ source: 1, receivedAt: -1 });

const normalizedEventSchema = new Schema({
  eventId: { type: String, required: true, unique: true },
  source: { type: String, required: true },
  metric: { type: String, required: true },
  amount: { type: Number, required: true },
  timestamp: { type: Date, required: true },
});
normalizedEventSchema.index({ source: 1, timestamp: -1 });
normalizedEventSchema.index({ metric: 1, timestamp: -1 });

/** An event as it came. */
export type ReceivedEvent = InferSchemaType<typeof rawEventSchema>;
type NormalizedEvent = InferSchemaType<typeof normalizedEventSchema>;

/** The models on their connection. */
export type Models = {
  readonly connection: Connection;
  readonly RawEvent: Model<ReceivedEvent>;
  readonly NormalizedEvent: Model<NormalizedEvent>;
};

/** Connects and builds the indexes. Writes are acknowledged by a majority, which is MongoDB's default. */
export async function connectModels(uri: string): Promise<Models> {
  const connection = await createConnection(uri).asPromise();
  const models = {
    connection,
    RawEvent: connection.model<ReceivedEvent>('RawEvent', rawEventSchema),
    NormalizedEvent: connection.model<NormalizedEvent>('NormalizedEvent', normalizedEventSchema),
  };
  await Promise.all([models.RawEvent.init(), models.NormalizedEvent.init()]);
  return models;
}

/** Checks a body and names its event; undefined when it is none. */
export function parseEvent(body: unknown): ReceivedEvent | undefined {
  if (typeof body !== 'object' || body === null || !('source' in body) || !('payload' in body))
    return undefined;
  const { source, payload } = body;
  if (typeof source !== 'string' || source === '' || typeof payload !== 'object') return undefined;
  const eventId = createHash('sha256')
    .update(JSON.stringify([source, payload]))
    .digest('hex');
  return { eventId, source, payload, receivedAt: new Date() };
}

/** Makes the record of an event. @throws Error when a field is missing or wrong */
export function normalize({ eventId, source, payload }: ReceivedEvent): NormalizedEvent {
  const metric = String(payload.metric ?? '')
    .trim()
    .toLowerCase();
  const amount = Number(payload.amount);
  const timestamp = new Date(payload.timestamp);
  if (metric === '' || !Number.isFinite(amount) || Number.isNaN(timestamp.getTime())) {
    throw new Error('The payload needs a metric, an amount and a timestamp.');
  }
  return { eventId, source, metric, amount, timestamp };
}

/** Tells whether an insert failed because the event is stored already. */
export function isDuplicate(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 11000;
}
