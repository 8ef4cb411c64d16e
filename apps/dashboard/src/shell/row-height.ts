import { useSetting } from './preferences.ts';

/** Returns how high a row of a list is, in px, as `--row` has it. */
export function useRowHeight(): number {
  const [density] = useSetting('density');
  return density === 'comfortable' ? 40 : 32;
}
