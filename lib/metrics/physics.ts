// What physics keeps, measured of a frame: totals over the domain, divergence of the velocity, least values, flow through
// walls, jumps where the domain is periodic. Everything follows from names of fields, the grid and the boundaries; what
// data do not have is not measured. Hidden cells do not count.

import type { Sample } from "../data/dataset.ts";
import { flowThroughWalls, jumpsAtSeams, relativeDivergence } from "./physics_flow.ts";
import { type PhysicsGrid, physicsGrid } from "./physics_grid.ts";
import type { PhysicsMeasure } from "./physics_measure.ts";
import { fieldFor, fieldsOf, mayNotBeNegative, type PhysicsMap, type RoleField } from "./physics_roles.ts";

/** How a frame is measured. */
export interface PhysicsOptions {
  /** Which frame, the last unless given. */
  readonly frame?: number;
  /** Names of the file's fields in a network's table, where they differ. */
  readonly map?: PhysicsMap;
}

/** Integrates a function of the points, and its absolute values. */
type Integral = (name: string, integrand: (point: number) => number) => PhysicsMeasure;

function integralOver({ points, volumes }: PhysicsGrid, hidden: Uint8Array | null): Integral {
  return (name, integrand) => {
    let [value, scale] = [0, 0];
    for (let p = 0; p < points; p++) {
      if (hidden?.[p]) continue;
      const part = integrand(p) * volumes[p]!;
      value += part;
      scale += Math.abs(part);
    }
    return { kind: "total", name, value, scale };
  };
}

/** Half the square of a vector at a point. */
function halfSquare({ values, components }: RoleField, point: number): number {
  let sum = 0;
  for (let c = 0; c < components.length; c++) sum += values[point * components.length + c]! ** 2;
  return sum / 2;
}

/** Mass, momentum, energy and tracers, where the fields allow. */
function totalsOf(
  fields: readonly RoleField[],
  grid: PhysicsGrid,
  scalars: Readonly<Record<string, number>>,
  hidden: Uint8Array | null,
  map: PhysicsMap,
): PhysicsMeasure[] {
  const integral = integralOver(grid, hidden);
  const find = (role: Parameters<typeof fieldFor>[0]) => fieldFor(role, fields, map);
  const [density, height, velocity, momentum] = [
    find("density"),
    find("height"),
    find("velocity"),
    find("momentum"),
  ];
  const [pressure, energy, tracer] = [find("pressure"), find("energy"), find("tracer")];
  // Of shallow water the height is the mass over a point.
  const mass = density ?? height;
  const totals: PhysicsMeasure[] = [];
  if (mass && !mass.field.constant) totals.push(integral("mass", (p) => mass.values[p]!));
  if (tracer) totals.push(integral(tracer.field.name, (p) => tracer.values[p]!));
  const flow = momentum ?? velocity;
  // A flow of one density has none among its fields: its total velocity is its momentum.
  const weight = momentum || !mass ? () => 1 : (p: number) => mass.values[p]!;
  if (flow && grid.cartesian) {
    const { length } = flow.components;
    flow.components.forEach((name, c) => {
      const direction = name.slice(flow.field.name.length);
      totals.push(integral(`momentum${direction}`, (p) => weight(p) * flow.values[p * length + c]!));
    });
  }
  const kinetic = flow &&
    (momentum && mass
      ? (p: number) => halfSquare(flow, p) / mass.values[p]!
      : momentum
      ? undefined
      : (p: number) => weight(p) * halfSquare(flow, p));
  const gamma = scalars.gamma ?? NaN;
  const gravity = scalars.g ?? NaN;
  if (energy) totals.push(integral("energy", (p) => energy.values[p]!));
  else if (kinetic && density && pressure && gamma > 1) {
    totals.push(integral("energy", (p) => kinetic(p) + pressure.values[p]! / (gamma - 1)));
  } else if (kinetic && height && gravity > 0) {
    totals.push(integral("energy", (p) => kinetic(p) + gravity * height.values[p]! ** 2 / 2));
  } else if (kinetic) totals.push(integral("kinetic energy", kinetic));
  return totals;
}

/** Least values of what is not negative by nature. */
function leastOf(fields: readonly RoleField[], hidden: Uint8Array | null, map: PhysicsMap): PhysicsMeasure[] {
  return fields.filter(({ field }) => !field.constant && mayNotBeNegative(field, map)).map(
    ({ field, values }) => {
      let [value, scale] = [Infinity, 0];
      for (let p = 0; p < values.length; p++) {
        if (hidden?.[p]) continue;
        // Not a number stays not a number.
        value = Math.min(value, values[p]!);
        scale = Math.max(scale, Math.abs(values[p]!));
      }
      return { kind: "least", name: field.name, value, scale };
    },
  );
}

/**
 * What physics may keep, of one frame.
 *
 * @param sample that holds the frame
 * @param options which frame, what fields are otherwise called
 * @returns in the same order for all frames of a trajectory
 * @throws RangeError for a frame that is not there
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "../data/open_data.ts";
 * using data = await openData("examples/data/euler_quadrants_mini.hdf5");
 * const sample = await (await data.split()).trajectory(0).sample([0]);
 * const names = physics(sample).map(({ kind, name }) => `${kind} ${name}`);
 * assert.deepEqual(names.slice(0, 4), ["total mass", "total momentum_x", "total momentum_y", "total energy"]);
 * ```
 */
export function physics(sample: Sample, { frame, map = {} }: PhysicsOptions = {}): PhysicsMeasure[] {
  const { info, times, hidden } = sample;
  const at = frame ?? times.length - 1;
  if (!(at >= 0 && at < times.length)) {
    throw new RangeError(`Cannot measure frame ${at}: the sample has ${times.length}`);
  }
  const grid = physicsGrid(info);
  const fields = fieldsOf(sample, at);
  const varying = fields.filter(({ field }) => !field.constant);
  const velocity = fieldFor("velocity", varying, map);
  const flow = velocity ?? fieldFor("momentum", varying, map);
  return [
    ...totalsOf(fields, grid, info.scalars, hidden, map),
    ...(velocity && grid.cartesian ? relativeDivergence(velocity, grid, hidden) : []),
    ...leastOf(fields, hidden, map),
    ...(flow && grid.cartesian ? flowThroughWalls(flow, grid, hidden) : []),
    ...varying.flatMap((field) => jumpsAtSeams(field, grid, hidden)),
  ];
}
