// Symmetries applied to cartesian samples, with the laws of vectors and matrices (training.md section 7): a sample is put on three
// axes first, since a plane may be turned out of its own.

import type { Symmetry } from "./symmetry.ts";
import type { Sample, SampleInfo } from "./dataset.ts";

const AXES = ["x", "y", "z"] as const;

/** Place among the components of three axes of each component of `stored` axes. */
function embeddedPlaces(order: number, stored: number): number[] {
  return Array.from(
    { length: stored ** order },
    (_, c) => order === 2 ? Math.floor(c / stored) * 3 + (c % stored) : c,
  );
}

/**
 * A cartesian sample on three axes: missing axes have one point and continue themselves, missing components are zero.
 *
 * @param sample of one to three axes
 */
export function inThreeAxes(sample: Sample): Sample {
  const { info } = sample;
  const stored = info.grid.axes.length;
  if (stored === 3) return sample;
  const missing = AXES.slice(stored);
  const values: Float32Array[] = [];
  const real: Uint8Array[] = [];
  info.fields.forEach(({ order }, i) => {
    const own = sample.values[i]!;
    const places = embeddedPlaces(order, stored);
    const out = new Float32Array(own.length / places.length * 3 ** order);
    const flags = new Uint8Array(3 ** order);
    places.forEach((place, c) => {
      flags[place] = 1;
      for (let from = c, to = place; from < own.length; from += places.length, to += 3 ** order) {
        out[to] = own[from]!;
      }
    });
    values.push(out);
    real.push(flags);
  });
  return {
    ...sample,
    info: {
      ...info,
      grid: {
        system: info.grid.system,
        axes: AXES,
        shape: [...info.grid.shape, ...missing.map(() => 1)],
        coordinates: [...info.grid.coordinates, ...missing.map(() => Float64Array.of(0))],
      },
      boundaries: [...info.boundaries, ...missing.map(() => ["periodic", "periodic"] as const)],
    },
    values,
    real,
  };
}

/** Old component and sign that each component of a field of some order comes from. */
function componentSources(order: number, { permutation, flip }: Symmetry): { from: number; sign: number }[] {
  const sign = (i: number) => flip[i] ? -1 : 1;
  if (order === 0) return [{ from: 0, sign: 1 }];
  if (order === 1) return permutation.map((from, i) => ({ from, sign: sign(i) }));
  return permutation.flatMap((row, i) =>
    permutation.map((column, j) => ({ from: 3 * row + column, sign: sign(i) * sign(j) }))
  );
}

/** Old point of every new one. */
function pointSources(shape: readonly number[], { permutation, flip }: Symmetry): Int32Array {
  const strides = [shape[1]! * shape[2]!, shape[2]!, 1];
  const [X = 1, Y = 1, Z = 1] = permutation.map((axis) => shape[axis]!);
  const out = new Int32Array(X * Y * Z);
  const along = (axis: number, i: number, size: number) =>
    (flip[axis] ? size - 1 - i : i) * strides[permutation[axis]!]!;
  for (let x = 0, at = 0; x < X; x++) {
    for (let y = 0; y < Y; y++) {
      for (let z = 0; z < Z; z++) out[at++] = along(0, x, X) + along(1, y, Y) + along(2, z, Z);
    }
  }
  return out;
}

/** Numbers `[T, X, Y, Z, ..components]` of a field of some order, moved and turned. */
function turned(values: Float32Array, order: number, points: Int32Array, symmetry: Symmetry): Float32Array {
  const sources = componentSources(order, symmetry);
  const size = points.length * sources.length;
  const out = new Float32Array(values.length);
  for (let frame = 0, at = 0; frame < values.length; frame += size) {
    for (const point of points) {
      const base = frame + point * sources.length;
      for (const { from, sign } of sources) out[at++] = sign * values[base + from]!;
    }
  }
  return out;
}

function turnedInfo(info: SampleInfo, { permutation, flip }: Symmetry): SampleInfo {
  const { grid, boundaries } = info;
  return {
    ...info,
    grid: {
      ...grid,
      shape: permutation.map((axis) => grid.shape[axis]!),
      coordinates: permutation.map((axis, i) => {
        const own = grid.coordinates[axis] ?? new Float64Array(0);
        const ends = own.length > 0 ? own[0]! + own.at(-1)! : 0;
        return flip[i] ? own.map((c) => ends - c).reverse() : own;
      }),
    },
    boundaries: permutation.map((axis, i) => {
      const [near, far] = boundaries[axis]!;
      return flip[i] ? [far, near] as const : [near, far] as const;
    }),
  };
}

/**
 * A sample under a symmetry. Scalars move, vectors and matrices also turn; boundaries and hidden cells follow.
 *
 * @param sample of cartesian data
 * @param symmetry which
 * @returns on three axes, with components that only the embedding added marked
 */
export function transformSample(sample: Sample, symmetry: Symmetry): Sample {
  const { info, values, real, ...rest } = inThreeAxes(sample);
  const points = pointSources(info.grid.shape, symmetry);
  const { hidden } = sample;
  return {
    ...rest,
    info: turnedInfo(info, symmetry),
    values: values.map((own, i) => turned(own, info.fields[i]!.order, points, symmetry)),
    hidden: hidden && Uint8Array.from(points, (point) => hidden[point]!),
    ...(real
      ? {
        real: real.map((flags, i) =>
          Uint8Array.from(componentSources(info.fields[i]!.order, symmetry), ({ from }) => flags[from]!)
        ),
      }
      : {}),
  };
}
