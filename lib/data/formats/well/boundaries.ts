// Boundary conditions of a Well file: masks over axes to what holds at each side (data.md section 1, "Decoding
// boundaries").

import type { Hdf5File } from "../../../io/hdf5.ts";
import { type Boundary, BOUNDARY_CODES, boundaryNamed, type BoundaryNames } from "../../boundaries.ts";
import { shownValue, text, textList } from "./attributes.ts";

/** One boundary of the file. */
export interface BoundaryGroup {
  readonly type: Boundary;
  /** Axes of the mask. */
  readonly axes: readonly number[];
  /** Points of those axes. */
  readonly shape: readonly number[];
  readonly mask: Float64Array;
}

/** Whether all, or any, of the mask's points at one end of an axis are set. */
function sideHolds({ type, shape, mask }: BoundaryGroup, axis: number, index: number): boolean {
  let all = true;
  let any = false;
  const stride = shape.slice(axis + 1).reduce((n, size) => n * size, 1);
  for (let i = 0; i < mask.length; i++) {
    if (Math.floor(i / stride) % shape[axis]! !== index) continue;
    if (mask[i] !== 0) any = true;
    else all = false;
  }
  return type === "wall" ? all : any;
}

/**
 * What holds at every side: open unless a group says otherwise, later groups overwrite.
 *
 * @param groups in the file's order
 * @param dimensions number of axes
 */
export function decodeBoundaries(
  groups: readonly BoundaryGroup[],
  dimensions: number,
): [Boundary, Boundary][] {
  const decoded = Array.from({ length: dimensions }, (): [Boundary, Boundary] => ["open", "open"]);
  for (const group of groups) {
    group.axes.forEach((axis, k) => {
      const sides = decoded[axis]!;
      if (sideHolds(group, k, 0)) sides[0] = group.type;
      if (sideHolds(group, k, group.shape[k]! - 1)) sides[1] = group.type;
    });
  }
  return decoded;
}

/**
 * Reads a boundary group of a file.
 *
 * @param file a Well file
 * @param name of the group
 * @param axisNames names of the spatial axes
 * @param resolution points of the axes
 * @param others what further kinds are taken for
 * @returns null for what is no group
 * @throws SyntaxError for an unknown type or axis, or a mask of the wrong length
 */
export async function readBoundary(
  file: Hdf5File,
  name: string,
  axisNames: readonly string[],
  resolution: readonly number[],
  others: BoundaryNames = {},
): Promise<BoundaryGroup | null> {
  const path = `boundary_conditions/${name}`;
  const refuse = (why: string): never => {
    throw new SyntaxError(`Cannot read "${file.name}": boundary "${path}" ${why}`);
  };
  if ((await file.kind(path)) !== "group") return null;
  const attributes = await file.attributes(path);
  const listed = textList(attributes.associated_dims);
  const type = boundaryNamed(text(attributes.bc_type) ?? "", others) ??
    refuse(
      `has bc_type ${shownValue(attributes.bc_type)}${listed ? ` on ${listed.join(", ")}` : ""}, wanted ${
        Object.keys(BOUNDARY_CODES).join(", ")
      }`,
    );
  const dims = listed ??
    refuse(`has associated_dims ${shownValue(attributes.associated_dims)}, wanted names of axes`);
  const axes = dims.map((axis) => {
    const index = axisNames.indexOf(axis);
    return index >= 0 ? index : refuse(`is on axis "${axis}", the file has ${axisNames.join(", ")}`);
  });
  const shape = axes.map((axis) => resolution[axis]!);
  const mask = await file.dataset(`${path}/mask`);
  if (mask.shape.length !== shape.length || mask.shape.some((n, i) => n !== shape[i])) {
    refuse(`has a mask of shape [${mask.shape}], wanted [${shape}]`);
  }
  return { type, axes, shape, mask: await file.readFloat64(`${path}/mask`) };
}

/**
 * Reads the boundary groups of a file.
 *
 * @param file a Well file with a `boundary_conditions` group
 * @param axisNames names of the spatial axes
 * @param resolution points of the axes
 * @param others what further kinds are taken for
 * @throws SyntaxError for an unknown type or axis, or a mask of the wrong length
 */
export async function readBoundaries(
  file: Hdf5File,
  axisNames: readonly string[],
  resolution: readonly number[],
  others: BoundaryNames = {},
): Promise<BoundaryGroup[]> {
  const groups: BoundaryGroup[] = [];
  for (const name of await file.keys("boundary_conditions")) {
    const group = await readBoundary(file, name, axisNames, resolution, others);
    if (group) groups.push(group);
  }
  return groups;
}
