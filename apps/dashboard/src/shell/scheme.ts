import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';

/** Returns the colours that are shown, and how to change to the others. */
export function useScheme(): { readonly shown: 'light' | 'dark'; readonly toggle: () => void } {
  const { setColorScheme } = useMantineColorScheme();
  const shown = useComputedColorScheme('light');
  return { shown, toggle: () => setColorScheme(shown === 'dark' ? 'light' : 'dark') };
}
