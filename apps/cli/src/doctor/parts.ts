/** The parts of a Sluice that are checked. */
export const PARTS = ['settings', 'redis', 'mongodb', 'apps'] as const;
export type Part = (typeof PARTS)[number];
