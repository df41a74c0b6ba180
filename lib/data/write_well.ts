// Writing trajectories in The Well's layout, such that h5py and the_well read them (data.md section 1).

import { type WritableDataset, type WritableGroup, writeHdf5 } from "../io/hdf5_writer.ts";
import { type Boundaries, BOUNDARY_CODES } from "./boundaries.ts";

/** A field of one trajectory. */
export interface WritableField {
  /** Name of its dataset. */
  readonly name: string;
  /** Tensor order. */
  readonly order: number;
  /** `[T, axes, D * order]`, or without T when constant; C order. */
  readonly data: Float32Array;
  /** Whether it stays the same in time. */
  readonly constant: boolean;
}

/** One trajectory and what describes it. */
export interface WellContents {
  /** The attribute `dataset_name`. */
  readonly dataset: string;
  /** `cartesian` or a curvilinear grid. */
  readonly gridType: string;
  /** Names and coordinates in storage order. */
  readonly axes: readonly { readonly name: string; readonly coordinates: Float32Array }[];
  /** Time of every frame. */
  readonly times: Float64Array;
  /** Codes of each stored axis. */
  readonly boundaries: Boundaries;
  /** Variable and constant fields. */
  readonly fields: readonly WritableField[];
  /** Run parameters, numbers that hold for the file. */
  readonly parameters?: Readonly<Record<string, number>>;
}

const FIXED = { sample_varying: false, time_varying: false };

function fieldDataset(field: WritableField, resolution: readonly number[], steps: number): WritableDataset {
  const tail = new Array<number>(field.order).fill(resolution.length);
  const lead = field.constant ? [] : [steps];
  return {
    shape: [1, ...lead, ...resolution, ...tail],
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

/**
 * A Well file of one trajectory.
 *
 * @param contents fields, axes, times and boundaries
 * @returns the bytes of the file
 * @throws RangeError when a field's length does not fit the grid
 */
export function writeWell(contents: WellContents): Promise<Uint8Array> {
  const resolution = contents.axes.map((a) => a.coordinates.length);
  const steps = contents.times.length;
  for (const { name, order, data, constant } of contents.fields) {
    const wanted = [constant ? 1 : steps, ...resolution].reduce(
      (n, size) => n * size,
      resolution.length ** order,
    );
    if (data.length !== wanted) {
      throw new RangeError(`Field "${name}" has ${data.length} numbers, wanted ${wanted}`);
    }
  }
  const parameters = contents.parameters ?? {};
  const fieldGroup = (order: number): WritableGroup => {
    const fields = contents.fields.filter((f) => f.order === order);
    return {
      attributes: { field_names: fields.map((f) => f.name) },
      datasets: Object.fromEntries(fields.map((f) => [f.name, fieldDataset(f, resolution, steps)])),
    };
  };
  return writeHdf5({
    attributes: {
      dataset_name: contents.dataset,
      grid_type: contents.gridType,
      n_spatial_dims: BigInt(resolution.length),
      n_trajectories: 1n,
      simulation_parameters: Object.keys(parameters),
      ...parameters,
    },
    groups: {
      dimensions: {
        attributes: { spatial_dims: contents.axes.map((a) => a.name) },
        datasets: {
          time: {
            shape: [steps],
            data: contents.times,
            attributes: { sample_varying: false, time_varying: true },
          },
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
        attributes: { field_names: Object.keys(parameters) },
        datasets: Object.fromEntries(
          Object.entries(parameters).map(([name, value]) => [
            name,
            { shape: [], data: Float64Array.of(value), attributes: FIXED },
          ]),
        ),
      },
      t0_fields: fieldGroup(0),
      t1_fields: fieldGroup(1),
      t2_fields: fieldGroup(2),
    },
  });
}
