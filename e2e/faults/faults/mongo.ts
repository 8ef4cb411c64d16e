import type { Random } from '@sluice/local/random';
import { type Fault, type FaultContext, pickMs, rest, type Span } from '../context.ts';
import type { MongoMember } from '../mongo-set.ts';

const FREEZE: Span = { short: [3, 8], full: [5, 30] };
const AWAY: Span = { short: [5, 12], full: [30, 120] };
const MAJORITY_LOST: Span = { short: [5, 10], full: [10, 60] };
const BETWEEN: Span = { short: [1, 3], full: [2, 15] };

function pickTwo({ cluster: { mongo } }: FaultContext, random: Random): readonly MongoMember[] {
  return random.shuffle(mongo.members).slice(0, 2);
}

/** Harm to MongoDB itself. */
export const mongoFaults: readonly Fault[] = [
  {
    name: 'mongodb primary killed again and again',
    weight: 3,
    targets: ['mongo'],
    run: async (context, random, signal) => {
      const { mongo } = context.cluster;
      const rounds = context.form === 'short' ? 2 : 4;
      for (let round = 0; round < rounds && !signal.aborted; round += 1) {
        const primary = await mongo.findPrimary();
        await primary.kill();
        await rest(pickMs(context, random, BETWEEN), signal);
        await mongo.findPrimary();
        await primary.start();
      }
    },
  },
  {
    name: 'mongodb primary frozen',
    weight: 2,
    targets: ['mongo'],
    run: async (context, random, signal) => {
      const primary = await context.cluster.mongo.findPrimary();
      await primary.freeze();
      await rest(pickMs(context, random, FREEZE), signal);
      primary.thaw();
    },
  },
  {
    name: 'mongodb primary steps down again and again',
    weight: 2,
    targets: ['mongo'],
    run: async (context, random, signal) => {
      for (let round = 0; round < 3 && !signal.aborted; round += 1) {
        const primary = await context.cluster.mongo.findPrimary();
        const command = { replSetStepDown: 5, secondaryCatchUpPeriodSecs: 2, force: true };
        // It may lose the vote by itself meanwhile, which is as good.
        await primary.ask((admin) => admin.command(command)).catch(() => undefined);
        await rest(pickMs(context, random, BETWEEN), signal);
      }
    },
  },
  {
    name: 'mongodb majority frozen',
    weight: 1,
    targets: ['mongo'],
    run: async (context, random, signal) => {
      const two = pickTwo(context, random);
      await Promise.all(two.map((member) => member.freeze()));
      await rest(pickMs(context, random, MAJORITY_LOST), signal);
      for (const member of two) member.thaw();
    },
  },
  {
    name: 'mongodb majority killed',
    weight: 1,
    targets: ['mongo'],
    run: async (context, random, signal) => {
      const two = pickTwo(context, random);
      await Promise.all(two.map((member) => member.kill()));
      await rest(pickMs(context, random, MAJORITY_LOST), signal);
      await Promise.all(two.map((member) => member.start()));
    },
  },
  {
    name: 'mongodb away',
    weight: 2,
    targets: ['mongo'],
    run: async (context, random, signal) => {
      const { members } = context.cluster.mongo;
      await Promise.all(members.map((member) => member.kill()));
      await rest(pickMs(context, random, AWAY), signal);
      await Promise.all(members.map((member) => member.start()));
    },
  },
  {
    name: 'mongodb frozen as a whole',
    weight: 1,
    targets: ['mongo'],
    run: async (context, random, signal) => {
      const { members } = context.cluster.mongo;
      await Promise.all(members.map((member) => member.freeze()));
      await rest(pickMs(context, random, FREEZE), signal);
      for (const member of members) member.thaw();
    },
  },
];
