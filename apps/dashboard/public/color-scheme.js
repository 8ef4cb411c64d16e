// Runs before the first paint, so that a dark page does not flash white.
(() => {
  let scheme = null;
  try {
    scheme = localStorage.getItem('sluice-color-scheme');
  } catch {
    // Storage is switched off: the system's scheme it is.
  }
  if (scheme !== 'light' && scheme !== 'dark') {
    scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
})();
