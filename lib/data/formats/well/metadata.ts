// What a Well file says about itself (data.md section 1), checked when it is opened: names, shapes and flags of
// every field against the grid, the number of trajectories and the time stamps.

import type { AttributeValue, Hdf5File } from "../../../io/hdf5.ts";
import { flag, flags, number, parameters, shownValue, text, textList } from "./attributes.ts";
import type { Boundary, BoundaryNames } from "../../boundaries.ts";
import { decodeBoundaries, readBoundaries } from "./boundaries.ts";

/** A field of the file. */
export interface FieldInfo {
  /** Path of its dataset. */
  readonly path: string;
  /** As `field_names` lists it. */
  readonly name: string;
  /** Tensor order: 0 scalar, 1 vector, 2 matrix. */
  readonly order: number;
  /** Whether each trajectory has its own. */
  readonly sampleVarying: boolean;
  /** False for constant fields. */
  readonly timeVarying: boolean;
  /** Which axes are stored; the others repeat. */
  readonly dimVarying: readonly boolean[];
}

/** A run parameter or other single value. */
export interface ScalarInfo {
  /** As `field_names` lists it. */
  readonly name: string;
  /** Whether each trajectory has its own. */
  readonly sampleVarying: boolean;
  /** Whether it changes in time. */
  readonly timeVarying: boolean;
}

/** Everything about a file but its numbers. */
export interface WellMetadata {
  /** Path or URL. */
  readonly file: string;
  /** The attribute `dataset_name`. */
  readonly dataset: string;
  /** `cartesian`, or anything else for curvilinear grids. */
  readonly gridType: string;
  /** Axis names in storage order. */
  readonly axes: readonly string[];
  /** Points of the axes. */
  readonly resolution: readonly number[];
  /** Number of trajectories. */
  readonly trajectories: number;
  /** Frames of a trajectory. */
  readonly steps: number;
  /** Time stamps are `[trajectories, steps]` when true. */
  readonly timeSampleVarying: boolean;
  /** Variable fields by order, then constant ones by order, each as `field_names` lists them. */
  readonly fields: readonly FieldInfo[];
  /** Single values. */
  readonly scalars: readonly ScalarInfo[];
  /** Near and far side of each axis. */
  readonly boundaries: readonly (readonly [Boundary, Boundary])[];
  /** Run parameters that hold for the file. */
  readonly parameters: Readonly<Record<string, number>>;
  /** What was odd but could be read. */
  readonly warnings: readonly string[];
}

/** Refuses a file, naming it and the object in it. The parts of {@link readMetadata} are read alone to find all faults. */
export type Refuse = (why: string) => never;

/** The root attributes. */
export interface Root {
  readonly dataset: string;
  readonly gridType: string;
  readonly dimensions: number;
  readonly trajectories: number;
  readonly parameters: Record<string, number>;
}

/** Run parameters: attributes that are listed by name, and tables of names and numbers. */
function rootParameters(attributes: Record<string, AttributeValue>, refuse: Refuse): Record<string, number> {
  const tables = Object.values(attributes).map(parameters);
  const { simulation_parameters: listed } = attributes;
  const names = parameters(listed)
    ? []
    : textList(listed) ?? refuse("simulation_parameters is no list of names");
  const own = names.flatMap((name) => {
    const value = number(attributes[name]);
    return value === null ? [] : [[name, value] as const];
  });
  return Object.assign({}, ...tables, Object.fromEntries(own));
}

/** Reads the root attributes. */
export async function readRoot(file: Hdf5File, refuse: Refuse): Promise<Root> {
  const attributes = await file.attributes("/");
  const needed = ["dataset_name", "grid_type", "n_spatial_dims", "n_trajectories", "simulation_parameters"];
  const missing = needed.filter((name) => attributes[name] === undefined);
  if (missing.length === needed.length) {
    refuse("it is HDF5 but no Well file: it has none of the root attributes");
  }
  if (missing.length > 0) refuse(`root attributes ${missing.join(", ")} are missing`);
  const [dataset, gridType] = [text(attributes.dataset_name), text(attributes.grid_type)];
  if (dataset === null || gridType === null) return refuse("dataset_name and grid_type must be text");
  const dimensions = number(attributes.n_spatial_dims);
  if (dimensions === null || ![1, 2, 3].includes(dimensions)) {
    return refuse(`n_spatial_dims is ${shownValue(attributes.n_spatial_dims)}, wanted 1, 2 or 3`);
  }
  const trajectories = number(attributes.n_trajectories);
  if (trajectories === null || !Number.isInteger(trajectories) || trajectories < 1) {
    return refuse(`n_trajectories is ${shownValue(attributes.n_trajectories)}, wanted at least 1`);
  }
  // Each takes a byte at least, of which deflate makes about as many as are claimed here.
  file.checkClaim(1024 * trajectories, "trajectories");
  return { dataset, gridType, dimensions, trajectories, parameters: rootParameters(attributes, refuse) };
}

/** Axes and frames. */
export interface Dimensions {
  readonly axes: string[];
  readonly resolution: number[];
  readonly steps: number;
  readonly timeSampleVarying: boolean;
}

/** Reads the group `dimensions`. */
export async function readDimensions(file: Hdf5File, root: Root, refuse: Refuse): Promise<Dimensions> {
  const axes = textList((await file.attributes("dimensions")).spatial_dims);
  if (!axes || axes.length !== root.dimensions) {
    return refuse(
      `dimensions/spatial_dims names ${axes?.length ?? 0} axes, n_spatial_dims is ${root.dimensions}`,
    );
  }
  const resolution: number[] = [];
  for (const axis of axes) {
    checkName(axis, "dimensions", refuse);
    resolution.push((await file.dataset(`dimensions/${axis}`)).shape.at(-1) ?? 0);
  }
  const flat = resolution.findIndex((n) => n < 1);
  if (flat >= 0) refuse(`axis "${axes[flat]}" has no points`);
  const time = await file.dataset("dimensions/time");
  const timeSampleVarying = time.shape.length === 2;
  const steps = time.shape.at(-1) ?? 0;
  if (steps < 1) refuse("it has no frames: dimensions/time is empty");
  if (timeSampleVarying && time.shape[0] !== root.trajectories) {
    refuse(`dimensions/time is for ${time.shape[0]} trajectories, n_trajectories is ${root.trajectories}`);
  }
  return { axes, resolution, steps, timeSampleVarying };
}

/** A listed name must be one plain name in its group. */
function checkName(name: string, group: string, refuse: Refuse): void {
  if (name === "" || name === "." || name === ".." || name.includes("/")) {
    refuse(`${group} lists "${name}", wanted a name without path parts`);
  }
}

/** Reads what the file says about a field. */
export async function readField(
  file: Hdf5File,
  order: number,
  name: string,
  root: Root,
  dims: Dimensions,
  refuse: Refuse,
): Promise<FieldInfo> {
  const group = `t${order}_fields`;
  checkName(name, group, refuse);
  const path = `${group}/${name}`;
  const stored = await file.dataset(path);
  if (stored.fault) refuse(`field "${path}" ${stored.fault}`);
  const attributes = await file.attributes(path);
  const need = (attribute: string) =>
    flag(attributes[attribute]) ?? refuse(`field "${path}" lacks the attribute ${attribute}`);
  const sampleVarying = need("sample_varying");
  const timeVarying = need("time_varying");
  const dimVarying = flags(attributes.dim_varying);
  if (dimVarying?.length !== root.dimensions) {
    return refuse(
      `field "${path}" has dim_varying ${shownValue(attributes.dim_varying)}, wanted one flag for each of ${
        dims.axes.join(", ")
      }`,
    );
  }
  const wanted = [
    ...(sampleVarying ? [root.trajectories] : []),
    ...(timeVarying ? [dims.steps] : []),
    ...dims.resolution.filter((_, i) => dimVarying[i]),
    ...new Array<number>(order).fill(root.dimensions),
  ];
  if (stored.shape.length !== wanted.length || stored.shape.some((n, i) => n !== wanted[i])) {
    refuse(`field "${path}" has shape [${stored.shape.join(", ")}], wanted [${wanted.join(", ")}]`);
  }
  return { path, name, order, sampleVarying, timeVarying, dimVarying };
}

/** Reads what the file says about its scalars. */
export async function readScalars(file: Hdf5File, refuse: Refuse): Promise<ScalarInfo[]> {
  const names = textList((await file.attributes("scalars")).field_names) ?? [];
  const scalars: ScalarInfo[] = [];
  for (const name of names) {
    checkName(name, "scalars", refuse);
    if ((await file.kind(`scalars/${name}`)) !== "dataset") {
      refuse(`scalar "scalars/${name}" is listed but absent`);
    }
    const attributes = await file.attributes(`scalars/${name}`);
    scalars.push({
      name,
      sampleVarying: flag(attributes.sample_varying) ?? false,
      timeVarying: flag(attributes.time_varying) ?? false,
    });
  }
  return scalars;
}

/**
 * Reads and checks a file's metadata.
 *
 * @param file an open HDF5 file
 * @param kinds what further kinds of boundary are taken for
 * @throws SyntaxError naming the file, the object, its value and what was wanted
 */
export async function readMetadata(file: Hdf5File, kinds: BoundaryNames = {}): Promise<WellMetadata> {
  const refuse: Refuse = (why) => {
    throw new SyntaxError(`Cannot read "${file.name}": ${why}`);
  };
  const warnings: string[] = [];
  const root = await readRoot(file, refuse);
  for (const group of ["dimensions", "t0_fields", "t1_fields", "t2_fields"]) {
    if ((await file.kind(group)) !== "group") refuse(`group "${group}" is missing`);
  }
  const dims = await readDimensions(file, root, refuse);
  const all: FieldInfo[] = [];
  for (const order of [0, 1, 2]) {
    const names = textList((await file.attributes(`t${order}_fields`)).field_names);
    if (!names) refuse(`t${order}_fields has no list field_names`);
    for (const name of names!) all.push(await readField(file, order, name, root, dims, refuse));
  }
  const frame = all.reduce((sum, { order }) => sum + 4 * 3 ** order, 0);
  // Axes that no field stores could be of any length.
  file.checkClaim(
    dims.resolution.reduce((n, size) => n * size, frame),
    `frames of ${dims.resolution.join(" x ")} points`,
  );
  if (!all.some((f) => f.timeVarying)) refuse("it has no field that varies in time");
  let scalars: ScalarInfo[] = [];
  if ((await file.kind("scalars")) === "group") scalars = await readScalars(file, refuse);
  else warnings.push(`"${file.name}" has no group "scalars": read without scalars`);
  let boundaries = decodeBoundaries([], root.dimensions);
  if ((await file.kind("boundary_conditions")) === "group") {
    const groups = await readBoundaries(file, dims.axes, dims.resolution, kinds);
    boundaries = decodeBoundaries(groups, root.dimensions);
  } else warnings.push(`"${file.name}" has no group "boundary_conditions": all sides are taken as open`);
  const time = await file.readFloat64("dimensions/time");
  if (time.some((t, i) => i % dims.steps !== 0 && !(t > time[i - 1]!))) {
    warnings.push(`"${file.name}": the time stamps do not increase`);
  }
  return {
    file: file.name,
    dataset: root.dataset,
    gridType: root.gridType,
    axes: dims.axes,
    resolution: dims.resolution,
    trajectories: root.trajectories,
    steps: dims.steps,
    timeSampleVarying: dims.timeSampleVarying,
    fields: [...all.filter((f) => f.timeVarying), ...all.filter((f) => !f.timeVarying)],
    scalars,
    boundaries,
    parameters: root.parameters,
    warnings,
  };
}
