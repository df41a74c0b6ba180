// What the physical checks need to know of a grid: volumes of cells, derivatives on its own coordinates, what lies at
// its sides. Axes that are not there or not ordered have a spacing of 1.

import type { Boundary, SampleInfo } from "../data/dataset.ts";

/** An axis of a grid. */
export interface PhysicsAxis {
  readonly name: string;
  /** Points. */
  readonly count: number;
  /** Distance between neighbours in a flat array of points. */
  readonly stride: number;
  readonly coordinates: ArrayLike<number>;
  /** Length of each cell. */
  readonly widths: Float64Array;
  /** Near and far side. */
  readonly sides: readonly [Boundary, Boundary];
  readonly periodic: boolean;
  /** Distance across the seam of a periodic axis. */
  readonly seam: number;
}

/** A grid for physical checks. */
export interface PhysicsGrid {
  readonly points: number;
  readonly axes: readonly PhysicsAxis[];
  /** Whether vectors have the directions of the axes, in lengths: only then they are added and differentiated. */
  readonly cartesian: boolean;
  /** Volume of each cell. */
  readonly volumes: Float64Array;
}

/** Coordinates that go up or down throughout; the numbers of the points for others. */
function ordered(coordinates: ArrayLike<number> | undefined, count: number): ArrayLike<number> {
  const steps = Array.from({ length: count - 1 }, (_, i) => coordinates![i + 1]! - coordinates![i]!);
  const isOrdered = coordinates?.length === count &&
    (steps.every((step) => step > 0) || steps.every((step) => step < 0));
  return isOrdered ? coordinates : Float64Array.from({ length: count }, (_, i) => i);
}

/** A cell ends half way to its neighbours; the outermost cells are as wide outside as inside. */
function widthsOf(x: ArrayLike<number>): Float64Array {
  const last = x.length - 1;
  if (last === 0) return Float64Array.of(1);
  return Float64Array.from(x, (_, i) => {
    if (i === 0) return Math.abs(x[1]! - x[0]!);
    if (i === last) return Math.abs(x[last]! - x[last - 1]!);
    return Math.abs(x[i + 1]! - x[i - 1]!) / 2;
  });
}

/** Factor of a cell's volume in spherical coordinates: r^2 and the sine of the angle from the pole. */
function spherical(name: string, x: ArrayLike<number>, i: number): number {
  const angle = x[i]!;
  if (/^log_?r$/.test(name)) return Math.exp(angle) ** 3;
  if (name === "r") return angle ** 2;
  // Angles below zero are latitudes, from the equator.
  if (name === "theta") return Math.abs(x[0]! < 0 ? Math.cos(angle) : Math.sin(angle));
  return 1;
}

/** What is needed of a grid. Points that are scattered have no neighbours and the same volume. */
export function physicsGrid({ grid, boundaries }: Pick<SampleInfo, "grid" | "boundaries">): PhysicsGrid {
  const { shape, system } = grid;
  const points = shape.reduce((count, size) => count * size, 1);
  const scattered = grid.coordinates.length !== shape.length;
  let stride = points;
  const axes = scattered ? [] : shape.map((count, i): PhysicsAxis => {
    stride /= count;
    const coordinates = ordered(grid.coordinates[i], count);
    const sides = boundaries[i] ?? ["open", "open"];
    return {
      name: grid.axes[i] ?? `axis ${i}`,
      count,
      stride,
      coordinates,
      widths: widthsOf(coordinates),
      sides,
      periodic: sides[0] === "periodic" && sides[1] === "periodic",
      seam: count > 1 ? Math.abs(coordinates[count - 1]! - coordinates[0]!) / (count - 1) : 1,
    };
  });
  const volumes = new Float64Array(points).fill(1);
  for (const { name, count, stride, coordinates, widths } of axes) {
    for (let p = 0; p < points; p++) {
      const i = Math.floor(p / stride) % count;
      volumes[p]! *= widths[i]! * (system === "spherical" ? spherical(name, coordinates, i) : 1);
    }
  }
  return { points, axes, cartesian: system === "cartesian" && !scattered, volumes };
}

/** Two neighbours and the three weights of a derivative at a point. */
export interface Stencil {
  /** Numbers of the neighbours along the axis. */
  readonly before: Int32Array;
  readonly after: Int32Array;
  /** Weights of the neighbour before, the point, the neighbour after; points at sides that are not periodic have none. */
  readonly weights: readonly [Float64Array, Float64Array, Float64Array];
  /** 0 for points without a derivative. */
  readonly inside: Uint8Array;
}

/** Central differences, exact for parabolas on any spacing. */
export function centralStencil({ count, coordinates: x, periodic, seam }: PhysicsAxis): Stencil {
  const inside = new Uint8Array(count);
  const [before, after] = [new Int32Array(count), new Int32Array(count)];
  const weights = [0, 1, 2].map(() => new Float64Array(count)) as unknown as Stencil["weights"];
  const sign = count > 1 && x[1]! < x[0]! ? -1 : 1;
  for (let i = 0; i < count; i++) {
    before[i] = (i + count - 1) % count;
    after[i] = (i + 1) % count;
    if (count < 3 || (!periodic && (i === 0 || i === count - 1))) continue;
    const h = i === 0 ? sign * seam : x[i]! - x[i - 1]!;
    const k = i === count - 1 ? sign * seam : x[i + 1]! - x[i]!;
    inside[i] = 1;
    weights[0][i] = -k / (h * (h + k));
    weights[1][i] = (k - h) / (h * k);
    weights[2][i] = h / (k * (h + k));
  }
  return { before, after, weights, inside };
}
