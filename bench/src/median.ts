/** Returns the middle of some numbers, for an even count the mean of the two in the middle. @throws RangeError for none */
export function toMedian(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1];
  const high = sorted[Math.floor(middle)];
  if (low === undefined || high === undefined) throw new RangeError('There is no median of nothing.');
  return (low + high) / 2;
}

/** Returns how much the median of the last third exceeds that of the first: 0 or less for what does not grow. */
export function toGrowth(numbers: readonly number[]): number {
  const third = Math.max(1, Math.floor(numbers.length / 3));
  return toMedian(numbers.slice(-third)) - toMedian(numbers.slice(0, third));
}
