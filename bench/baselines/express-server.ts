/*
 * The first baseline: Express and mongoose, one transaction for each request. It is as safe as Sluice while MongoDB is
 * there: 201 means that the event and its record are stored by a majority.
 */
import express from 'express';
import { connectModels, isDuplicate, normalize, parseEvent, type ReceivedEvent } from './models.ts';

const { connection, RawEvent, NormalizedEvent } = await connectModels(process.argv[2] ?? '');
const app = express();
app.use(express.json());

app.post('/api/events', async (request, response) => {
  const event = parseEvent(request.body);
  if (event === undefined) {
    response.status(400).json({ error: 'source and payload are required' });
    return;
  }
  try {
    await store(event);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    response.status(200).json({ id: event.eventId, status: 'duplicate' });
    return;
  }
  response.status(201).json({ id: event.eventId, status: 'stored' });
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.send?.({ url: `http://127.0.0.1:${address?.port}` });
});
process.once('disconnect', () => process.exit());

async function store(event: ReceivedEvent): Promise<void> {
  const session = await connection.startSession();
  try {
    await session.withTransaction(async () => {
      await RawEvent.create([event], { session });
      await NormalizedEvent.create([normalize(event)], { session });
    });
  } finally {
    await session.endSession();
  }
}
