// Divergence, flow through walls and jumps at seams: what a frame does from point to point and at the sides of its
// domain. Each is a ratio of root mean squares, so it has no unit and no sign.

import type { PhysicsMeasure } from "./physics_measure.ts";
import { centralStencil, type PhysicsGrid } from "./physics_grid.ts";
import type { RoleField } from "./physics_roles.ts";

/** A ratio of root mean squares; 0 where there is nothing to compare with and nothing to compare. */
function rootRatio(squares: number, count: number, others: number, otherCount: number): number {
  const [above, below] = [squares / Math.max(1, count), others / Math.max(1, otherCount)];
  return above === 0 ? 0 : Math.sqrt(above / below);
}

/**
 * Divergence of a velocity over its gradients, by central differences on the grid's own coordinates. Points at sides
 * that are not periodic and neighbours of hidden cells are left out, axes of one or two points change nothing.
 */
export function relativeDivergence(
  { field, values, components }: RoleField,
  { points, axes }: PhysicsGrid,
  hidden: Uint8Array | null,
): PhysicsMeasure[] {
  const used = axes.map((axis) => ({ ...axis, ...centralStencil(axis) })).filter(({ count }) => count > 2);
  const width = components.length;
  if (used.length < 2 || width !== axes.length) return [];
  const own = used.map(({ name }) => axes.findIndex((axis) => axis.name === name));
  let [squares, gradients, count] = [0, 0, 0];
  for (let p = 0; p < points; p++) {
    if (hidden?.[p]) continue;
    let [divergence, gradient, isInside] = [0, 0, true];
    for (let a = 0; a < used.length && isInside; a++) {
      const axis = used[a]!;
      const i = Math.floor(p / axis.stride) % axis.count;
      const [before, after] = [
        p + (axis.before[i]! - i) * axis.stride,
        p + (axis.after[i]! - i) * axis.stride,
      ];
      if (!axis.inside[i] || hidden?.[before] || hidden?.[after]) {
        isInside = false;
        break;
      }
      for (let c = 0; c < width; c++) {
        const slope = axis.weights[0][i]! * values[before * width + c]! +
          axis.weights[1][i]! * values[p * width + c]! +
          axis.weights[2][i]! * values[after * width + c]!;
        gradient += slope * slope;
        if (c === own[a]) divergence += slope;
      }
    }
    if (!isInside) continue;
    squares += divergence * divergence;
    gradients += gradient;
    count++;
  }
  return [{
    kind: "divergence",
    name: field.name,
    value: rootRatio(squares, count, gradients, count),
    scale: 1,
  }];
}

/** Flow across each wall, in the layer of points next to it, over the speed in the domain. */
export function flowThroughWalls(
  { field, values, components }: RoleField,
  { points, axes }: PhysicsGrid,
  hidden: Uint8Array | null,
): PhysicsMeasure[] {
  const width = components.length;
  if (width !== axes.length) return [];
  let [speeds, visible] = [0, 0];
  for (let p = 0; p < points; p++) {
    if (hidden?.[p]) continue;
    for (let c = 0; c < width; c++) speeds += values[p * width + c]! ** 2;
    visible++;
  }
  return axes.flatMap(({ name, count, stride, sides }, c) =>
    sides.flatMap((side, which): PhysicsMeasure[] => {
      if (side !== "wall" || count < 2) return [];
      const layer = which === 0 ? 0 : count - 1;
      let [squares, cells] = [0, 0];
      for (let p = 0; p < points; p++) {
        if (hidden?.[p] || Math.floor(p / stride) % count !== layer) continue;
        squares += values[p * width + c]! ** 2;
        cells++;
      }
      return [{
        kind: "wall",
        name: `${field.name} at the ${which === 0 ? "near" : "far"} ${name} wall`,
        value: rootRatio(squares, cells, speeds, visible),
        scale: 1,
      }];
    })
  );
}

/** Steps of each component across each seam of a periodic domain, over its steps between neighbours along that axis. */
export function jumpsAtSeams(
  { values, components }: RoleField,
  { points, axes }: PhysicsGrid,
  hidden: Uint8Array | null,
): PhysicsMeasure[] {
  const width = components.length;
  return axes.filter(({ periodic, count }) => periodic && count > 2).flatMap(({ name, count, stride }) =>
    components.map((component, c): PhysicsMeasure => {
      let [seam, seams, inner, inners] = [0, 0, 0, 0];
      for (let p = 0; p < points; p++) {
        const isLast = Math.floor(p / stride) % count === count - 1;
        const next = isLast ? p - (count - 1) * stride : p + stride;
        if (hidden?.[p] || hidden?.[next]) continue;
        const square = (values[next * width + c]! - values[p * width + c]!) ** 2;
        if (isLast) {
          seam += square;
          seams++;
        } else {
          inner += square;
          inners++;
        }
      }
      const value = rootRatio(seam, seams, inner, inners);
      return { kind: "seam", name: `${component} across ${name}`, value, scale: 1 };
    })
  );
}
