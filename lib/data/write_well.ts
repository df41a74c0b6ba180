// Writing trajectories in The Well's layout, such that h5py and the_well read them (data.md section 1).

import { type WritableDataset, type WritableGroup, writeHdf5 } from "../io/hdf5_writer.ts";
import { type Boundaries, BOUNDARY_CODES } from "./boundaries.ts";

/** A field of one trajectory, or of several. */
export interface WritableField {
  /** Name of its dataset. */
  readonly name: string;
  /** Tensor order. */
  readonly order: number;
  /** `[N, T, axes, D * order]`, or without T when constant; C order. */
  readonly data: Float32Array;
  /** Whether it stays the same in time. */
  readonly constant: boolean;
}

/** Trajectories and what describes them. */
export interface WellContents {
  /** The attribute `dataset_name`. */
  readonly dataset: string;
  /** `cartesian` or a curvilinear grid. */
  readonly gridType: string;
  /** Names and coordinates in storage order. */
  readonly axes: readonly { readonly name: string; readonly coordinates: Float32Array | Float64Array }[];
  /** Number of trajectories N, 1 unless given. */
  readonly trajectories?: number;
  /** Time of every frame `[T]`, or of each trajectory `[N, T]`. */
  readonly times: Float64Array | readonly Float64Array[];
  /** Codes of each stored axis. */
  readonly boundaries: Boundaries;
  /** Variable and constant fields. */
  readonly fields: readonly WritableField[];
  /** Run parameters, numbers that hold for the file. */
  readonly parameters?: Readonly<Record<string, number>>;
  /** Run parameters that differ: a number for each trajectory. */
  readonly scalars?: Readonly<Record<string, readonly number[]>>;
  /** Further attributes of the file: where it comes from. */
  readonly attributes?: Readonly<Record<string, string | number>>;
}

const FIXED = { sample_varying: false, time_varying: false };

function fieldDataset(
  field: WritableField,
  trajectories: number,
  steps: number,
  resolution: readonly number[],
): WritableDataset {
  const tail = new Array<number>(field.order).fill(resolution.length);
  const lead = field.constant ? [] : [steps];
  return {
    shape: [trajectories, ...lead, ...resolution, ...tail],
    chunks: [1, ...(field.constant ? [] : [1]), ...resolution, ...tail],
    data: field.data,
    attributes: {
      sample_varying: true,
      time_varying: !field.constant,
      dim_varying: resolution.map(() => true),
      ...(field.order === 2 ? { symmetric: false, antisymmetric: false } : {}),
    },
  };
}

/** Groups for each axis and type, with a mask over the sides that have it. */
function boundaryGroups(contents: WellContents): Record<string, WritableGroup> {
  const groups: Record<string, WritableGroup> = {};
  contents.axes.forEach(({ name, coordinates }, axis) => {
    const [low, high] = contents.boundaries[axis] ?? [BOUNDARY_CODES.OPEN, BOUNDARY_CODES.OPEN];
    for (const [type, code] of Object.entries(BOUNDARY_CODES)) {
      if (low !== code && high !== code) continue;
      const mask = new Int8Array(coordinates.length);
      if (low === code) mask[0] = 1;
      if (high === code) mask[mask.length - 1] = 1;
      groups[`${name}_${type.toLowerCase()}`] = {
        attributes: { ...FIXED, bc_type: type, associated_dims: [name], associated_fields: [] },
        datasets: { mask: { shape: [mask.length], data: mask } },
      };
    }
  });
  return groups;
}

/** Lengths of the fields against trajectories, frames and grid. */
function checkFields(
  fields: WellContents["fields"],
  trajectories: number,
  steps: number,
  resolution: number[],
): void {
  for (const { name, order, data, constant } of fields) {
    const wanted = [trajectories, constant ? 1 : steps, ...resolution].reduce(
      (n, size) => n * size,
      resolution.length ** order,
    );
    if (data.length !== wanted) {
      throw new RangeError(`Field "${name}" has ${data.length} numbers, wanted ${wanted}`);
    }
  }
}

/** One vector of times, or one for each trajectory. */
function timeDataset(
  times: WellContents["times"],
  trajectories: number,
): { time: WritableDataset; steps: number } {
  const own = !(times instanceof Float64Array);
  const list = own ? times : [times];
  const steps = list[0]?.length ?? 0;
  if (own && (list.length !== trajectories || list.some(({ length }) => length !== steps))) {
    throw new RangeError(
      `Times are of ${
        list.map(({ length }) => length).join(", ")
      } frames, wanted ${trajectories} of equal length`,
    );
  }
  const data = new Float64Array(list.length * steps);
  list.forEach((stamps, i) => data.set(stamps, i * steps));
  const attributes = { sample_varying: own, time_varying: true };
  return { time: { shape: own ? [trajectories, steps] : [steps], data, attributes }, steps };
}

/** Run parameters of the file, and those that each trajectory has for itself. */
function scalarDatasets({ parameters, scalars }: WellContents): Record<string, WritableDataset> {
  const fixed = Object.entries(parameters ?? {}).map(([name, value]): [string, WritableDataset] => [
    name,
    { shape: [], data: Float64Array.of(value), attributes: FIXED },
  ]);
  const varying = Object.entries(scalars ?? {}).map(([name, values]): [string, WritableDataset] => [
    name,
    {
      shape: [values.length],
      data: Float64Array.from(values),
      attributes: { sample_varying: true, time_varying: false },
    },
  ]);
  return Object.fromEntries([...fixed, ...varying]);
}

/**
 * A Well file.
 *
 * @param contents fields, axes, times and boundaries
 * @returns the bytes of the file
 * @throws RangeError when lengths do not fit the trajectories, frames and grid
 */
export async function writeWell(contents: WellContents): Promise<Uint8Array> {
  const resolution = contents.axes.map((a) => a.coordinates.length);
  const { trajectories = 1, parameters = {}, scalars = {} } = contents;
  const { time, steps } = timeDataset(contents.times, trajectories);
  checkFields(contents.fields, trajectories, steps, resolution);
  const wrong = Object.entries(scalars).find(([, values]) => values.length !== trajectories);
  if (wrong) {
    throw new RangeError(`Scalar "${wrong[0]}" has ${wrong[1].length} numbers, wanted ${trajectories}`);
  }
  const fieldGroup = (order: number): WritableGroup => {
    const fields = contents.fields.filter((f) => f.order === order);
    return {
      attributes: { field_names: fields.map((f) => f.name) },
      datasets: Object.fromEntries(
        fields.map((f) => [f.name, fieldDataset(f, trajectories, steps, resolution)]),
      ),
    };
  };
  return await writeHdf5({
    attributes: {
      ...contents.attributes,
      dataset_name: contents.dataset,
      grid_type: contents.gridType,
      n_spatial_dims: BigInt(resolution.length),
      n_trajectories: BigInt(trajectories),
      simulation_parameters: Object.keys(parameters),
      ...parameters,
    },
    groups: {
      dimensions: {
        attributes: { spatial_dims: contents.axes.map((a) => a.name) },
        datasets: {
          time,
          ...Object.fromEntries(
            contents.axes.map(({ name, coordinates }) => [
              name,
              { shape: [coordinates.length], data: coordinates, attributes: FIXED },
            ]),
          ),
        },
      },
      boundary_conditions: { groups: boundaryGroups(contents) },
      scalars: {
        attributes: { field_names: [...Object.keys(parameters), ...Object.keys(scalars)] },
        datasets: scalarDatasets(contents),
      },
      t0_fields: fieldGroup(0),
      t1_fields: fieldGroup(1),
      t2_fields: fieldGroup(2),
    },
  });
}
