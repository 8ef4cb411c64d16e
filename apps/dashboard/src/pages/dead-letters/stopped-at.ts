import { type Reached, STATIONS } from '../../ui/rail.tsx';

/** How many stations an event has passed when it dies at a stage. */
const PASSED: Readonly<Record<string, number>> = { identify: 3, parse: 3, upcast: 3, map: 3, process: 4 };

/** Tells how far events came that died at a stage, for the marks of the rail. */
export function toReached(stage: string): readonly Reached[] {
  const passed = PASSED[stage] ?? 3;
  return STATIONS.map((_station, index) => (index < passed ? 'done' : index === passed ? 'stopped' : 'no'));
}

/** Says the same in words. */
export function describeStage(stage: string): string {
  return `stopped at ${STATIONS[PASSED[stage] ?? 3]}, while we ${WORDS[stage] ?? 'worked on it'}`;
}

const WORDS: Readonly<Record<string, string>> = {
  identify: 'identified it',
  parse: 'parsed it',
  upcast: 'brought it to the newest schema version',
  map: 'mapped its fields',
  process: 'stored it',
};
