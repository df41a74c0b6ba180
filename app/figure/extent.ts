// Lengths of axes, by which planes are shaped.

/** Length of an axis, half a cell beyond its ends included; 0 where its coordinates do not say. */
export function axisLength(coordinates: ArrayLike<number>, points: number): number {
  const span = Math.abs((coordinates[points - 1] ?? 0) - (coordinates[0] ?? 0));
  return points > 1 ? (span * points) / (points - 1) : span;
}

/**
 * Lengths to the right and up, if they can be compared; else those of the cells.
 *
 * @param lengths of the two axes
 * @param points of them
 * @param comparable whether they are of one kind: the grid is cartesian, the units are one
 */
export function extentOf(
  lengths: readonly [number, number],
  points: readonly [number, number],
  comparable: boolean,
): readonly [number, number] {
  return comparable && lengths.every((length) => length > 0) ? lengths : points;
}
