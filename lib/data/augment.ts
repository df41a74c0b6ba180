// Rotations of the cube applied to samples, with the laws of vectors and matrices (training.md section 7).

import type { Boundaries } from "./boundaries.ts";
import type { ChannelGroup, Window } from "./window.ts";

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

/** Determinant of a symmetry: 1 for a rotation, -1 for a reflection. */
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

/** Old component and sign that each component of a field of some order comes from. */
function components(order: number, { permutation, flip }: Symmetry): { from: number; sign: number }[] {
  const sign = (i: number) => flip[i] ? -1 : 1;
  if (order === 0) return [{ from: 0, sign: 1 }];
  if (order === 1) return permutation.map((from, i) => ({ from, sign: sign(i) }));
  return permutation.flatMap((row, i) =>
    permutation.map((column, j) => ({ from: 3 * row + column, sign: sign(i) * sign(j) }))
  );
}

/** Source channel and sign of every channel. */
function channelSources(
  groups: readonly ChannelGroup[],
  symmetry: Symmetry,
): { from: number; sign: number }[] {
  return groups.flatMap(({ order, start }) =>
    components(order, symmetry).map(({ from, sign }) => ({ from: start + from, sign }))
  );
}

type Triple = [number, number, number];

/** Points and channels of `[n, X, Y, Z, channels]` moved. */
function move(
  values: Float32Array,
  count: number,
  shape: readonly number[],
  groups: readonly ChannelGroup[],
  symmetry: Symmetry,
): Float32Array {
  const { permutation, flip } = symmetry;
  const sources = channelSources(groups, symmetry);
  const channels = sources.length;
  const strides = [shape[1]! * shape[2]!, shape[2]!, 1];
  const size = permutation.map((p) => shape[p]!);
  const points = shape[0]! * strides[0]!;
  const out = new Float32Array(values.length);
  for (let n = 0, at = 0; n < count; n++) {
    for (let x = 0; x < size[0]!; x++) {
      for (let y = 0; y < size[1]!; y++) {
        for (let z = 0; z < size[2]!; z++) {
          const from = [x, y, z].reduce((sum, i, axis) => {
            const old = flip[axis] ? size[axis]! - 1 - i : i;
            return sum + old * strides[permutation[axis]!]!;
          }, n * points);
          for (const { from: channel, sign } of sources) {
            out[at++] = sign * values[from * channels + channel]!;
          }
        }
      }
    }
  }
  return out;
}

/**
 * A sample under a symmetry. Scalars move, vectors and matrices also turn; boundaries and the mask of padded
 * channels follow.
 *
 * @param window a sample of cartesian data, embedded in three dimensions
 * @param symmetry which
 */
export function transformWindow(window: Window, symmetry: Symmetry): Window {
  const { permutation, flip } = symmetry;
  const sources = channelSources(window.groups, symmetry);
  const boundaries: Boundaries = permutation.map((axis, i) => {
    const [low, high] = window.boundaries[axis]!;
    return flip[i] ? [high, low] : [low, high];
  });
  const hiddenGroup = [{ name: "hidden", order: 0, start: 0, components: 1 }];
  const hidden = window.hidden &&
    Uint8Array.from(move(Float32Array.from(window.hidden), 1, window.shape, hiddenGroup, symmetry));
  return {
    ...window,
    frames: move(window.frames, window.times.length, window.shape, window.groups, symmetry),
    constants: move(window.constants, 1, window.shape, window.constantGroups, symmetry),
    shape: permutation.map((axis) => window.shape[axis]!) as Triple,
    channelMask: Uint8Array.from(sources, ({ from }) => window.channelMask[from]!),
    hidden,
    boundaries,
  };
}
