// Which variables of a group are fields, and what their dimensions are: coordinates, bounds and the like are none, and
// only variables on the same grid make one sample.

import { quoted } from "../../../io/quote.ts";
import { type Role, roleOf } from "./roles.ts";
import { type CfGroup, type CfVariable, textOf } from "./variable.ts";

/** A variable with its dimensions understood. */
export interface Laid {
  readonly variable: CfVariable;
  /** What each of its dimensions is, `tyx`; `1` for one of length 1 that is nothing else. */
  readonly axes: string;
  /** Its axes of space and the dimensions that they are, `x:lon y:lat`. */
  readonly grid: string;
}

/** The fields of a group. */
export interface CfLayout {
  /** Those that vary in time, then those that stay. */
  readonly fields: readonly Laid[];
  /** Axes of space in the order of samples, `xy`, and their dimensions. */
  readonly space: string;
  readonly dimensions: readonly string[];
  /** Dimension of the frames. */
  readonly time: string;
  /** Dimension of the trajectories; null where there is one. */
  readonly trajectory: string | null;
  /** Numbers without dimensions, or one of each trajectory. */
  readonly scalars: readonly CfVariable[];
  /** What was left out, in words. */
  readonly left: readonly string[];
}

/** Attributes that name variables which only describe others. */
const DESCRIBING = [
  "bounds",
  "climatology",
  "coordinates",
  "grid_mapping",
  "cell_measures",
  "ancillary_variables",
];

/** Variables that describe others. */
function describing(variables: Iterable<CfVariable>): Set<string> {
  const names = new Set<string>();
  for (const variable of variables) {
    for (const attribute of DESCRIBING) {
      for (const word of (textOf(variable, attribute) ?? "").split(/[\s:]+/)) names.add(word);
    }
  }
  return names;
}

/** Dimensions of a variable in words: `time, lat, lon`. */
export function shownDimensions({ dimensions, shape }: CfVariable): string {
  return dimensions.map((name, i) => `${name ?? "unnamed"} = ${shape[i]}`).join(", ");
}

/** What the dimensions of a variable are, or why it is no field. */
function lay(
  name: string,
  variable: CfVariable,
  coordinates: ReadonlyMap<string, CfVariable>,
): Laid | string {
  if (variable.fault) return variable.fault;
  const { dimensions, shape } = variable;
  const roles = dimensions.map((dimension) =>
    dimension === null ? null : roleOf(dimension, coordinates.get(dimension))
  );
  const axes: string[] = [];
  for (const [i, role] of roles.entries()) {
    const rest = roles.slice(i + 1);
    // What stands before the time and is nothing else counts the runs.
    const leads = i === 0 && role === null && rest.length > 0 && rest.includes("t") && !rest.includes(null);
    const letter: Role | "1" | null = role ?? (shape[i] === 1 ? "1" : leads ? "n" : null);
    if (letter === null) {
      return `has dimension ${quoted(dimensions[i] ?? "without a name")}, which is no axis that is known`;
    }
    if (letter !== "1" && axes.includes(letter)) {
      // One level, one member: a second axis of a kind does no harm when it is of one point.
      if (shape[i] !== 1) return `has two axes that may be ${letter}`;
      axes.push("1");
    } else axes.push(letter);
  }
  const grid = [..."xyz"].filter((axis) => axes.includes(axis))
    .map((axis) => `${axis}:${dimensions[axes.indexOf(axis)]}`).join(" ");
  return { variable, axes: axes.join(""), grid: grid || `none of ${quoted(name)}` };
}

/** The grid of most of what varies; the larger one where two are of as many. */
function mainGrid(laid: readonly Laid[]): string | null {
  const varying = Map.groupBy(
    laid.filter(({ axes }) => axes.includes("t") && /[xyz]/.test(axes)),
    ({ grid }) => grid,
  );
  const points = (grid: string) => varying.get(grid)![0]!.variable.shape.reduce((n, size) => n * size, 1);
  const grids = [...varying.keys()].sort((a, b) =>
    varying.get(b)!.length - varying.get(a)!.length || points(b) - points(a)
  );
  return grids[0] ?? null;
}

/** The one dimension of a role among fields. */
function dimensionOf(fields: readonly Laid[], role: Role): string | null {
  const found = fields.find(({ axes }) => axes.includes(role));
  return found ? found.variable.dimensions[found.axes.indexOf(role)] ?? null : null;
}

/** Why a group has no fields: what was found, and what is missing. */
function lacking(laid: readonly Laid[], left: readonly string[]): string {
  if (laid.length === 0) {
    return `it has no variable that could be a field${
      left.length > 0 ? `: ${left.slice(0, 4).join("; ")}` : ""
    }`;
  }
  const [first] = laid.toSorted((a, b) => b.variable.shape.length - a.variable.shape.length);
  const { name } = first!.variable;
  const shown = `${quoted(name)} (${shownDimensions(first!.variable)})`;
  return first!.axes.includes("t")
    ? `it looks like a series in time, but ${shown} has no axis of space: x, y, z, lon, lat, or an attribute axis`
    : `it looks like data on a grid, but ${shown} and the others have no frames: a dimension time, ` +
      `or a coordinate with units such as "seconds since 2000-01-01"`;
}

/**
 * Finds the fields of a group.
 *
 * @throws SyntaxError, without the file's name, saying what is missing
 */
export function layoutOf({ variables }: CfGroup): CfLayout {
  const others = describing(variables.values());
  const isCoordinate = (name: string, { dimensions }: CfVariable) =>
    dimensions.length === 1 && dimensions[0] === name;
  const left: string[] = [];
  const laid: Laid[] = [];
  const scalars: CfVariable[] = [];
  const lists: CfVariable[] = [];
  for (const [name, variable] of variables) {
    if (others.has(name) || isCoordinate(name, variable)) continue;
    if (variable.dimensions.length === 0) {
      if (variable.fault === null) scalars.push(variable);
      continue;
    }
    const found = lay(name, variable, variables);
    // One number of each trajectory, where its dimension turns out to be that of them.
    const isList = variable.dimensions.length === 1 && variable.fault === null;
    if (isList && (typeof found === "string" || found.axes === "n")) lists.push(variable);
    else if (typeof found === "string") left.push(`${quoted(name)} ${found}`);
    else laid.push(found);
  }
  const main = mainGrid(laid);
  if (main === null) throw new SyntaxError(lacking(laid, left));
  const own = laid.filter(({ grid }) => grid === main);
  for (const { variable, grid } of laid) {
    if (grid !== main) {
      left.push(`${quoted(variable.name)} lies on another grid (${shownDimensions(variable)})`);
    }
  }
  const varying = own.filter(({ axes }) => axes.includes("t"));
  const time = dimensionOf(varying, "t")!;
  const trajectory = dimensionOf(varying, "n");
  const sameAxes = ({ variable, axes }: Laid): boolean => {
    const is = (role: Role, wanted: string | null) =>
      !axes.includes(role) || variable.dimensions[axes.indexOf(role)] === wanted;
    if (is("t", time) && is("n", trajectory)) return true;
    left.push(`${quoted(variable.name)} has other frames or trajectories (${shownDimensions(variable)})`);
    return false;
  };
  const fields = [...varying, ...own.filter(({ axes }) => !axes.includes("t"))].filter(sameAxes);
  const parts = main.split(" ").map((part) => part.split(/:(.*)/));
  return {
    fields,
    space: parts.map(([axis]) => axis).join(""),
    dimensions: parts.map(([, dimension]) => dimension!),
    time,
    trajectory,
    scalars: [...scalars, ...lists.filter(({ dimensions }) => dimensions[0] === trajectory)],
    left,
  };
}
