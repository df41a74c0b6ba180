// A flow that keeps everything: in a channel, periodic in x with walls in y, without divergence, carried along.

import type { Boundary, Sample, SampleField } from "../../lib/data/dataset.ts";

/** Points along x and y. */
export const [NX, NY] = [32, 24] as const;
/** Names of its fields, scalars first. */
const FIELDS = ["density", "energy", "tracer", "pressure", "velocity"];

const x = Float64Array.from({ length: NX }, (_, i) => i / NX);
// Cells between walls, narrow next to them.
const y = Float64Array.from({ length: NY }, (_, j) => (1 - Math.cos((Math.PI * (j + 0.5)) / NY)) / 2);

/** Numbers of a point: `[..fields]` at x, y. */
type Point = (x: number, y: number) => number[];

const TAU = 2 * Math.PI;

/** The flow after so many steps: everything moves along x. */
function carried(step: number): Record<string, Point> {
  const at = (px: number) => TAU * (px - 0.07 * step);
  return {
    density: (px, py) => [1 + 0.3 * Math.sin(at(px)) * Math.cos(Math.PI * py)],
    energy: (px, py) => [2 + 0.2 * Math.cos(2 * at(px)) + py],
    // Zero in half of the domain.
    tracer: (px) => [Math.max(0, Math.sin(at(px)))],
    pressure: (px, py) => [1 + 0.1 * Math.cos(at(px)) * py],
    // Of the stream function sin(at) sin(pi y)^2 / tau.
    velocity: (px, py) => [
      (Math.sin(at(px)) * Math.sin(TAU * py) * Math.PI) / TAU,
      -Math.cos(at(px)) * Math.sin(Math.PI * py) ** 2,
    ],
  };
}

/** What a planted fault makes of the numbers of a field at a point. */
export type Fault = (numbers: number[], x: number, y: number) => number[];

/** How the flow is made. */
export interface FlowOptions {
  /** Faults by field. */
  readonly faults?: Readonly<Record<string, Fault>>;
  readonly boundaries?: readonly (readonly [Boundary, Boundary])[];
  readonly hidden?: Uint8Array | null;
  /** Other names of fields. */
  readonly names?: Readonly<Record<string, string>>;
}

const SIDES: readonly (readonly [Boundary, Boundary])[] = [["periodic", "periodic"], ["wall", "wall"]];

/** A frame of the flow. */
export function flowFrame(
  step: number,
  { faults = {}, boundaries = SIDES, hidden = null, names = {} }: FlowOptions = {},
): Sample {
  const points = carried(step);
  const fields = FIELDS.map((name): SampleField => (
    { name: names[name] ?? name, order: name === "velocity" ? 1 : 0, constant: false }
  ));
  const values = FIELDS.map((name) =>
    Float32Array.from(
      Array.from(x).flatMap((px) =>
        Array.from(y).flatMap((py) => {
          const numbers = points[name]!(px, py);
          return faults[name]?.(numbers, px, py) ?? numbers;
        })
      ),
    )
  );
  const grid = { system: "cartesian", axes: ["x", "y"], shape: [NX, NY], coordinates: [x, y] };
  return {
    info: { dataset: "flow", grid, boundaries, fields, masked: hidden !== null, scalars: {} },
    times: Float64Array.of(step),
    values,
    hidden,
  };
}
