/*
 * A scheduler as a process of its own, to be killed. Its times are short, so that the other takes over soon. It ends
 * when told (SIGTERM), or when whoever started it is gone.
 */
import { pollSourceSchema } from '@sluice/contracts/source';
import { z } from 'zod';
import { wireScheduler } from '../wiring.ts';

const argumentSchema = z.object({
  place: z.object({ redisUrl: z.string(), mongoUrl: z.string(), prefix: z.string() }),
  instance: z.string(),
  sources: z.array(pollSourceSchema),
});

const { place, instance, sources } = argumentSchema.parse(JSON.parse(process.argv[2] ?? ''));
const wired = await wireScheduler(place, instance, sources, (options) => ({
  ...options,
  pollLeaseMs: 2000,
  fetchTimeoutMs: 1000,
}));
const scheduler = wired.start();
const end = () => void scheduler.close().then(() => process.exit(0));
process.once('SIGTERM', end);
process.once('disconnect', end);
process.send?.('started');
