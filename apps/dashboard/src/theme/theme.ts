import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const INK: MantineColorsTuple = [
  '#f5f4ef',
  '#eceae3',
  '#d8d5cb',
  '#b9b6ac',
  '#85827a',
  '#565a61',
  '#3a3e45',
  '#2a2e34',
  '#1f2328',
  '#16191d',
];

/** Mantine's parts in our clothes: ink as the only primary colour, small radii, no shadows but under overlays. */
export const theme = createTheme({
  primaryColor: 'ink',
  primaryShade: { light: 9, dark: 0 },
  colors: { ink: INK },
  autoContrast: true,
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '14px', xl: '16px' },
  lineHeights: { xs: '16px', sm: '16px', md: '20px', lg: '20px', xl: '24px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '2px', sm: '4px', md: '4px', lg: '4px', xl: '4px' },
  defaultRadius: 'sm',
  focusRing: 'never',
  respectReducedMotion: true,
  cursorType: 'pointer',
});

/** Hands our tokens to Mantine's variables, so that its parts follow the one palette in both schemes. */
export const resolveVariables: CSSVariablesResolver = () => {
  const both = {
    '--mantine-color-body': 'var(--page)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--muted)',
    '--mantine-color-placeholder': 'var(--muted)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-border': 'var(--control)',
    '--mantine-color-default-hover': 'var(--sunken)',
    '--mantine-color-anchor': 'var(--text)',
    '--mantine-color-error': 'var(--dead)',
    '--mantine-primary-color-filled': 'var(--ink)',
    '--mantine-primary-color-filled-hover': 'var(--ink)',
    '--mantine-primary-color-contrast': 'var(--on-ink)',
  };
  return { variables: {}, light: both, dark: both };
};
