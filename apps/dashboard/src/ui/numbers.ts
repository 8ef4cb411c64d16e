const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });

/** Writes a count with thin spaces between thousands, like `12 480`. */
export function formatCount(value: number): string {
  return whole.format(value).replaceAll(',', '\u202f');
}

/** Writes a figure with at most three significant digits. */
export function formatFigure(value: number): string {
  return Math.abs(value) >= 1000 ? formatCount(value) : fine.format(value);
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB'] as const;

/** Writes a size in bytes with its unit. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${fine.format(bytes / 1024 ** power)} ${SIZES[power]}`;
}

/** Writes a count with its noun, like `1 event` or `2 events`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}
