// Interpolation from one number of points along an axis to another, as a matrix: trigonometric where the axis continues
// itself, cubic where it does not. Points are the middles of cells, so that both grids fill the same box and turning an
// axis around changes nothing. Rows sum to 1.

/**
 * Weight of a point at distance `t` in the trigonometric interpolation of `n` points, of which `waves` frequencies are
 * kept; of an even number the highest counts half on either side.
 */
function trigonometricWeight(t: number, n: number, waves: number): number {
  const angle = Math.PI * t / n;
  const sine = Math.sin(angle);
  if (Math.abs(sine) < 1e-12) return waves / n;
  return Math.sin(waves * angle) * (waves % 2 === 0 ? Math.cos(angle) : 1) / (n * sine);
}

/**
 * Weights of neighbouring points in the cubic that fits them best, at a place: through all of them where there are four.
 *
 * @param place in points, from the middle of the neighbours
 * @param count neighbours
 */
function cubicWeights(place: number, count: number): number[] {
  const points = Array.from({ length: count }, (_, i) => i - (count - 1) / 2);
  const moment = (power: number) => points.reduce((sum, u) => sum + u ** power, 0);
  // Polynomials that are orthogonal over points which lie evenly around 0.
  const basis = (u: number) => [
    1,
    u,
    u ** 2 - moment(2) / count,
    u ** 3 - u * moment(4) / moment(2),
  ];
  const values = points.map(basis);
  const there = basis(place).map((value, k) => value / values.reduce((sum, row) => sum + row[k]! ** 2, 0));
  return values.map((row) => row.reduce((sum, value, k) => sum + value * there[k]!, 0));
}

/**
 * A matrix `[to, from]` that interpolates.
 *
 * @param from points that are given
 * @param to points that are wanted
 * @param periodic whether the axis continues itself: then what both numbers of points can hold is kept as it is. Else
 *   each point is read from the cubic through the four nearest; where many are given for each that is wanted, from the
 *   one that fits as many times four best
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const line = Float64Array.from({ length: 9 }, (_, i) => i);
 * const matrix = interpolation(9, 12, false);
 * const first = matrix.subarray(0, 9).reduce((sum, weight, i) => sum + weight * line[i]!, 0);
 * assert.ok(Math.abs(first - (0.5 * 9 / 12 - 0.5)) < 1e-6);
 * ```
 */
export function interpolation(from: number, to: number, periodic: boolean): Float32Array {
  const matrix = new Float32Array(to * from);
  const count = 4 * Math.max(1, Math.round(from / to));
  for (let j = 0; j < to; j++) {
    const place = (j + 0.5) * (from / to) - 0.5;
    const row = matrix.subarray(j * from, (j + 1) * from);
    if (periodic) {
      row.forEach((_, i) => row[i] = trigonometricWeight(place - i, from, Math.min(from, to)));
    } else {
      const start = Math.min(Math.max(0, Math.ceil(place - count / 2)), from - count);
      row.set(cubicWeights(place - start - (count - 1) / 2, count), start);
    }
  }
  return matrix;
}
