/** Draws counts as small bars from zero; `label` says them in words. */
export function Sparkline({ counts, label }: { readonly counts: readonly number[]; readonly label: string }) {
  const most = Math.max(1, ...counts);
  const height = 20;
  return (
    <svg width={counts.length * 4} height={height} role="img" aria-label={label}>
      <path d={`M0 ${height - 0.5}h${counts.length * 4}`} stroke="var(--hairline)" />
      {counts.map((count, index) => {
        const bar = count === 0 ? 0 : Math.max(1, Math.round((count / most) * (height - 1)));
        return (
          // The parts of a window keep their places.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <rect key={index} x={index * 4} y={height - bar} width="3" height={bar} fill="currentColor" />
        );
      })}
    </svg>
  );
}
