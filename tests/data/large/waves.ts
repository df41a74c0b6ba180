// What the large files hold: one trajectory of waves, so that it is known what must be read.

/** Sizes of a large file. */
export interface LargeShape {
  readonly trajectories: number;
  readonly frames: number;
  /** Points along both axes. */
  readonly points: number;
  /** The trajectory that is filled; all others are zeros that no disk holds. */
  readonly filled: number;
}

/** Its fields, which the shipped model knows. */
export const FIELDS: readonly string[] = ["A", "B"];

/** Numbers of a field of a trajectory. */
export function fieldSize({ frames, points }: LargeShape): number {
  return frames * points * points;
}

/** A field of the filled trajectory. */
export function waves(shape: LargeShape, field: number): Float32Array<ArrayBuffer> {
  const { points } = shape;
  const turn = 2 * Math.PI / points;
  return Float32Array.from({ length: fieldSize(shape) }, (_, i) => {
    const [t, x, y] = [Math.floor(i / points ** 2), Math.floor(i / points) % points, i % points];
    return 0.5 + 0.3 * Math.sin(turn * (2 * x + t) + field) * Math.cos(turn * (y - t));
  });
}

/** A file that is mostly holes: parts at their places, and a length. */
export function writeSparse(
  path: string,
  length: number,
  parts: readonly (readonly [number, Uint8Array])[],
): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  file.truncateSync(length);
  for (const [at, bytes] of parts) {
    file.seekSync(at, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  }
}
