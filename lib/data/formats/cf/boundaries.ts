// What holds at the sides of a CF grid. The conventions have no words for it: an attribute `boundary` of a coordinate may
// say so, a circle of longitudes closes, and for the rest the user is asked.

import { boundaryNamed, type BoundaryNames } from "../../boundaries.ts";
import type { Boundary } from "../../dataset.ts";
import { UNSTATED } from "../pdebench/boundaries.ts";
import { type CfVariable, textOf } from "./variable.ts";

/** The near and the far side of an axis. */
export type Sides = readonly [Boundary, Boundary];

const CIRCLE = 360;

/** Whether longitudes go once around. */
function closes(coordinate: CfVariable, values: Float64Array): boolean {
  if (!/^degrees?_?E(?:ast)?$/i.test(textOf(coordinate, "units") ?? "") || values.length < 3) return false;
  const span = Math.abs(values.at(-1)! - values[0]!);
  const step = span / (values.length - 1);
  return Math.abs(span + step - CIRCLE) < step / 2;
}

/** What an attribute `boundary` says: `wall`, or `wall open` of the near and the far side. */
function stated(coordinate: CfVariable, others: BoundaryNames): Sides | null {
  const text = textOf(coordinate, "boundary");
  if (text === null) return null;
  const [low = "", high = low, ...more] = text.trim().split(/[\s,]+/);
  const sides = [boundaryNamed(low, others), boundaryNamed(high, others)];
  if (more.length > 0 || sides.includes(null)) {
    throw new SyntaxError(
      `"${coordinate.name}" has the boundary "${text}", wanted wall, open or periodic, or two of them`,
    );
  }
  return sides as [Boundary, Boundary];
}

/** An axis of a grid. */
export interface CfAxis {
  /** Name of its dimension. */
  readonly name: string;
  readonly coordinate: CfVariable | undefined;
  readonly values: Float64Array;
}

/**
 * Sides of the axes.
 *
 * @param file its name, for the warning
 * @param axes in the order of samples
 * @param others `unstated` says what is taken where nothing is said; open unless given
 * @param warnings gets a line where that was taken for granted
 * @throws SyntaxError, without the file's name, for an attribute that names no kind of boundary
 */
export function sidesOf(
  file: string,
  axes: readonly CfAxis[],
  others: BoundaryNames,
  warnings: string[],
): Sides[] {
  const given = boundaryNamed(UNSTATED, others);
  const unknown: string[] = [];
  const sides = axes.map(({ name, coordinate, values }): Sides => {
    const said = coordinate && stated(coordinate, others);
    if (said) return said;
    if (coordinate && closes(coordinate, values)) return ["periodic", "periodic"];
    if (!given) unknown.push(name);
    return [given ?? "open", given ?? "open"];
  });
  if (unknown.length > 0) {
    warnings.push(
      `"${file}" does not say what holds at the sides of ${unknown.join(", ")}, taken as open; ` +
        `boundaries ${UNSTATED}=periodic or ${UNSTATED}=wall says otherwise`,
    );
  }
  return sides;
}
