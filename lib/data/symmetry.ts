// Symmetries of the cube (training.md section 7).

/** A symmetry of the cube: new axis `i` is old axis `permutation[i]`, then axes with a flip are reversed. */
export interface Symmetry {
  /** Old axis of each new one. */
  readonly permutation: readonly [number, number, number];
  /** Whether each new axis is reversed. */
  readonly flip: readonly [boolean, boolean, boolean];
}

/** Sign of a permutation. */
function parity(permutation: readonly number[]): number {
  let sign = 1;
  for (let i = 0; i < permutation.length; i++) {
    for (let j = i + 1; j < permutation.length; j++) if (permutation[i]! > permutation[j]!) sign = -sign;
  }
  return sign;
}

/**
 * Determinant of a symmetry: 1 for a rotation, -1 for a reflection.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(determinant({ permutation: [1, 0, 2], flip: [true, false, false] }), 1); // A quarter turn.
 * assert.equal(determinant({ permutation: [0, 1, 2], flip: [true, false, false] }), -1); // A mirror.
 * ```
 */
export function determinant({ permutation, flip }: Symmetry): number {
  return flip.reduce((sign, f) => f ? -sign : sign, parity(permutation));
}

/** The 24 symmetries of the cube that are rotations, the identity first. */
export const ROTATIONS: readonly Symmetry[] = ([[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [
  2,
  1,
  0,
]] as const).flatMap((permutation) =>
  Array.from({ length: 8 }, (_, bits): Symmetry => ({
    permutation,
    flip: [(bits & 4) !== 0, (bits & 2) !== 0, (bits & 1) !== 0],
  }))
).filter((symmetry) => determinant(symmetry) === 1);
