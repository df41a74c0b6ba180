// What the dimensions of a variable are: time, space, trajectories, components. Attributes of their coordinates go before
// their names.

import { type CfVariable, textOf } from "./variable.ts";

/** `n` trajectories, `t` frames, `x`, `y`, `z` points, `c` components. */
export type Role = "n" | "t" | "x" | "y" | "z" | "c";

/** Names of dimensions, in any case. */
const NAMES: readonly (readonly [Role, RegExp])[] = [
  ["t", /^(?:t|nt|time\d*|times?|.*_time|time_.*|frames?|steps?|time-?steps?|xtime)$/],
  [
    "n",
    /^(?:n|samples?|n_?samples?|members?|ens(?:embles?)?|realizations?|trajector(?:y|ies)|runs?|batch|cases?)$/,
  ],
  ["n", /^(?:simulations?|sims?|number|instances?)$/],
  ["x", /^(?:x|nx|i|ni|lon|lons|longitude|rlon|xc|xt|xh|west_east|x[_-].*|.*_x|x\d+)$/],
  ["y", /^(?:y|ny|j|nj|lat|lats|latitude|rlat|yc|yt|yh|south_north|y[_-].*|.*_y|y\d+)$/],
  ["z", /^(?:z|nz|k|nk|lev|levels?|p?lev|depth.*|height.*|altitude|bottom_top|zc|zt|z[_-].*|.*_z|z\d+)$/],
  ["z", /^(?:plev|pressure_levels?|isobaric.*|sigma|eta|hybrid)$/],
  ["c", /^(?:c|nc|channels?|components?|vectors?|directions?)$/],
];

/** Names of times at which forecasts begin: each is a trajectory. */
const STARTS = /^(?:init.*time|initial_?time\d*|reference_?time|forecast_reference_time|start_?date)$/;

/** Standard names of coordinates. */
const STANDARD: Readonly<Record<string, Role>> = {
  time: "t",
  forecast_period: "t",
  forecast_reference_time: "n",
  realization: "n",
  longitude: "x",
  grid_longitude: "x",
  projection_x_coordinate: "x",
  latitude: "y",
  grid_latitude: "y",
  projection_y_coordinate: "y",
  height: "z",
  altitude: "z",
  depth: "z",
  air_pressure: "z",
};

const AXES: Readonly<Record<string, Role>> = { T: "t", X: "x", Y: "y", Z: "z", E: "n" };

/** What the attributes of a coordinate say. */
function byAttributes(coordinate: CfVariable): Role | null {
  const axis = textOf(coordinate, "axis")?.trim().toUpperCase() ?? "";
  if (Object.hasOwn(AXES, axis)) return AXES[axis]!;
  const standard = textOf(coordinate, "standard_name") ?? "";
  if (Object.hasOwn(STANDARD, standard)) return STANDARD[standard]!;
  const units = textOf(coordinate, "units") ?? "";
  if (/\bsince\b|%Y%m%d/.test(units)) return "t";
  if (/^degrees?_?E(?:ast)?$/i.test(units)) return "x";
  if (/^degrees?_?N(?:orth)?$/i.test(units)) return "y";
  return textOf(coordinate, "positive") !== null ? "z" : null;
}

/**
 * What a dimension is; null where nothing says so.
 *
 * @param dimension its name
 * @param coordinate the variable of the same name, where there is one
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(roleOf("Longitude"), "x");
 * assert.equal(roleOf("member"), "n");
 * assert.equal(roleOf("init_time"), "n");
 * assert.equal(roleOf("phony_dim_0"), null);
 * ```
 */
export function roleOf(dimension: string, coordinate?: CfVariable): Role | null {
  const name = dimension.toLowerCase();
  if (STARTS.test(name)) return "n";
  const said = coordinate && byAttributes(coordinate);
  if (said) return said;
  return NAMES.find(([, names]) => names.test(name))?.[0] ?? null;
}
