// Runs before the first paint, so that a dark page does not flash white and no row changes its height.
(() => {
  let scheme = null;
  let density = null;
  try {
    scheme = localStorage.getItem('sluice-color-scheme');
    density = localStorage.getItem('sluice-density');
  } catch {
    // Storage is switched off: the system's scheme it is.
  }
  if (scheme !== 'light' && scheme !== 'dark') {
    scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
  if (density === 'comfortable') document.documentElement.dataset.density = density;
})();
