// Matrices as 8-bit numbers.

/** A matrix as 8-bit numbers: row r is `values[r] * scales[r]`. */
export interface Quantized {
  /** As many as the matrix has, between -127 and 127. */
  readonly values: Int8Array;
  /** One a row. */
  readonly scales: Float32Array;
}

/**
 * Rounds a matrix to 8 bits, row by row: the largest number of a row becomes 127 (symmetric quantisation, one scale an
 * output channel).
 *
 * @param matrix row after row
 * @param columns numbers of a row
 * @returns numbers that differ from the matrix by half a scale at most
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const { values, scales } = quantizeRows(Float32Array.of(-12.7, 5.04, 0, 0), 2);
 * assert.deepEqual([...values], [-127, 50, 0, 0]);
 * assert.ok(Math.abs(scales[0]! - 0.1) < 1e-7 && scales[1] === 0);
 * ```
 */
export function quantizeRows(matrix: Float32Array, columns: number): Quantized {
  const scales = new Float32Array(matrix.length / columns);
  const values = new Int8Array(matrix.length);
  scales.forEach((_, row) => {
    const [from, to] = [row * columns, (row + 1) * columns];
    let largest = 0;
    for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(matrix[i]!));
    scales[row] = largest / 127;
    const factor = largest > 0 ? 127 / largest : 0;
    for (let i = from; i < to; i++) values[i] = Math.round(matrix[i]! * factor);
  });
  return { values, scales };
}
