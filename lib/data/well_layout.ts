// What a Well file holds besides the numbers of its fields (data.md section 1): axes, times, boundaries, scalars, and what
// is said of each field.

import type { StreamedDataset, WritableDataset, WritableGroup } from "../io/hdf5_writer.ts";
import { type Boundaries, BOUNDARY_CODES } from "./boundaries.ts";

/** What a field of a file is. */
export interface WellField {
  /** Name of its dataset. */
  readonly name: string;
  /** Tensor order. */
  readonly order: number;
  /** Whether it stays the same in time. */
  readonly constant: boolean;
  /** Of a constant field: whether all trajectories have it in common, so that it is stored once. */
  readonly shared?: boolean;
}

/** A field of one trajectory, or of several. */
export interface WritableField extends WellField {
  /** `[N, T, axes, D * order]`, or without T when constant, without N when shared; C order. */
  readonly data: Float32Array;
}

/** Coordinates of an axis, or of each trajectory. */
export type AxisCoordinates = Float32Array | Float64Array | readonly (Float32Array | Float64Array)[];

/** What a file holds, but for the numbers of its fields. */
export interface WellLayout {
  /** The attribute `dataset_name`. */
  readonly dataset: string;
  /** `cartesian` or a curvilinear grid. */
  readonly gridType: string;
  /** Names and coordinates in storage order. */
  readonly axes: readonly { readonly name: string; readonly coordinates: AxisCoordinates }[];
  /** Number of trajectories N, 1 unless given. */
  readonly trajectories?: number;
  /** Time of every frame `[T]`, or of each trajectory `[N, T]`. */
  readonly times: Float64Array | readonly Float64Array[];
  /** Codes of each stored axis. */
  readonly boundaries: Boundaries;
  /** Variable and constant fields. */
  readonly fields: readonly WellField[];
  /** Run parameters, numbers that hold for the file. */
  readonly parameters?: Readonly<Record<string, number>>;
  /** Run parameters that differ: a number for each trajectory. */
  readonly scalars?: Readonly<Record<string, readonly number[]>>;
  /** Further attributes of the file: where it comes from. */
  readonly attributes?: Readonly<Record<string, string | number>>;
  /** Frames that are compressed together, 1 unless given; 0: nothing is compressed, fields lie in one piece. */
  readonly framesPerChunk?: number;
  /** How much: 0 to 9. */
  readonly level?: number;
}

/** Trajectories and what describes them. */
export interface WellContents extends WellLayout {
  /** Variable and constant fields. */
  readonly fields: readonly WritableField[];
}

const FIXED = { sample_varying: false, time_varying: false };

/** Sizes that all fields share. */
export interface Sizes {
  readonly trajectories: number;
  readonly steps: number;
  readonly resolution: readonly number[];
}

/** Points of the axes. */
function resolutionOf(axes: WellLayout["axes"]): number[] {
  return axes.map(({ coordinates }) => isOne(coordinates) ? coordinates.length : coordinates[0]?.length ?? 0);
}

function isOne(coordinates: AxisCoordinates): coordinates is Float32Array | Float64Array {
  return ArrayBuffer.isView(coordinates);
}

/** How a field's numbers lie: chunks of frames, constant ones of a trajectory. */
export function fieldLayout(
  { order, constant, shared = false }: WellField,
  { trajectories, steps, resolution }: Sizes,
  { framesPerChunk = 1, level }: WellLayout,
): { readonly shape: number[]; readonly chunks?: number[]; readonly level?: number } {
  const tail = [...resolution, ...new Array<number>(order).fill(resolution.length)];
  const own = !(shared && constant);
  const shape = [...own ? [trajectories] : [], ...constant ? [] : [steps], ...tail];
  const frames = Math.min(framesPerChunk, steps);
  const chunks = [...own ? [1] : [], ...constant ? [] : [frames], ...tail];
  return { shape, ...frames > 0 ? { chunks } : {}, ...level === undefined ? {} : { level } };
}

/** What The Well's files say about a field. */
function fieldAttributes({ order, constant, shared = false }: WellField, dimensions: number) {
  return {
    sample_varying: !(shared && constant),
    time_varying: !constant,
    dim_varying: new Array<boolean>(dimensions).fill(true),
    ...(order === 2 ? { symmetric: false, antisymmetric: false } : {}),
  };
}

/** As single precision where that loses nothing, as The Well's files mostly have coordinates, times and scalars. */
function narrowed(numbers: Float64Array): Float32Array | Float64Array {
  return numbers.every((value) => Object.is(Math.fround(value), value))
    ? Float32Array.from(numbers)
    : numbers;
}

/** One vector of coordinates, or one for each trajectory. */
function axisDataset(name: string, coordinates: AxisCoordinates, trajectories: number): WritableDataset {
  if (isOne(coordinates)) {
    const data = narrowed(Float64Array.from(coordinates));
    return { shape: [coordinates.length], data, attributes: FIXED };
  }
  const points = coordinates[0]?.length ?? 0;
  if (coordinates.length !== trajectories || coordinates.some(({ length }) => length !== points)) {
    throw new RangeError(
      `Coordinates ${name} are of ${
        coordinates.map(({ length }) => length).join(", ")
      } points, wanted ${trajectories} of equal length`,
    );
  }
  const data = new Float64Array(trajectories * points);
  coordinates.forEach((own, i) => data.set(own, i * points));
  return {
    shape: [trajectories, points],
    data: narrowed(data),
    attributes: { ...FIXED, sample_varying: true },
  };
}

/** Groups for each axis and type, with a mask over the sides that have it. */
function boundaryGroups(contents: WellLayout, resolution: readonly number[]): Record<string, WritableGroup> {
  const groups: Record<string, WritableGroup> = {};
  contents.axes.forEach(({ name }, axis) => {
    const [low, high] = contents.boundaries[axis] ?? [BOUNDARY_CODES.OPEN, BOUNDARY_CODES.OPEN];
    for (const [type, code] of Object.entries(BOUNDARY_CODES)) {
      if (low !== code && high !== code) continue;
      const mask = new Int8Array(resolution[axis]!);
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

/** One vector of times, or one for each trajectory. */
function timeDataset(
  times: WellLayout["times"],
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
  const shape = own ? [trajectories, steps] : [steps];
  return { time: { shape, data: narrowed(data), attributes }, steps };
}

/** Run parameters of the file, and those that each trajectory has for itself. */
function scalarDatasets({ parameters, scalars }: WellLayout): Record<string, WritableDataset> {
  const fixed = Object.entries(parameters ?? {}).map(([name, value]): [string, WritableDataset] => [
    name,
    { shape: [], data: narrowed(Float64Array.of(value)), attributes: FIXED },
  ]);
  const varying = Object.entries(scalars ?? {}).map(([name, values]): [string, WritableDataset] => [
    name,
    {
      shape: [values.length],
      data: narrowed(Float64Array.from(values)),
      attributes: { sample_varying: true, time_varying: false },
    },
  ]);
  return Object.fromEntries([...fixed, ...varying]);
}

/** The groups of a file. */
export function rootOf(
  layout: WellLayout,
  sizes: Sizes,
  time: WritableDataset,
  streams: readonly StreamedDataset[],
): WritableGroup {
  const { parameters = {}, scalars = {} } = layout;
  const fieldGroup = (order: number): WritableGroup => {
    const fields = layout.fields.map((field, i) => ({ field, data: streams[i]! }))
      .filter(({ field }) => field.order === order);
    return {
      attributes: { field_names: fields.map(({ field }) => field.name) },
      datasets: Object.fromEntries(fields.map(({ field, data }) => [field.name, {
        ...data.layout,
        data,
        attributes: fieldAttributes(field, sizes.resolution.length),
      }])),
    };
  };
  return {
    attributes: {
      ...layout.attributes,
      dataset_name: layout.dataset,
      grid_type: layout.gridType,
      n_spatial_dims: BigInt(sizes.resolution.length),
      n_trajectories: BigInt(sizes.trajectories),
      simulation_parameters: Object.keys(parameters),
      ...parameters,
    },
    groups: {
      dimensions: {
        attributes: { spatial_dims: layout.axes.map((a) => a.name) },
        datasets: {
          time,
          ...Object.fromEntries(
            layout.axes.map(({ name, coordinates }) => [
              name,
              axisDataset(name, coordinates, sizes.trajectories),
            ]),
          ),
        },
      },
      boundary_conditions: { groups: boundaryGroups(layout, sizes.resolution) },
      scalars: {
        attributes: { field_names: [...Object.keys(parameters), ...Object.keys(scalars)] },
        datasets: scalarDatasets(layout),
      },
      t0_fields: fieldGroup(0),
      t1_fields: fieldGroup(1),
      t2_fields: fieldGroup(2),
    },
  };
}

/**
 * Sizes of a layout, and its times.
 *
 * @throws RangeError when times or scalars do not fit the trajectories
 */
export function sizesOf(layout: WellLayout): { readonly sizes: Sizes; readonly time: WritableDataset } {
  const { trajectories = 1, scalars = {} } = layout;
  const { time, steps } = timeDataset(layout.times, trajectories);
  const wrong = Object.entries(scalars).find(([, values]) => values.length !== trajectories);
  if (wrong) {
    throw new RangeError(`Scalar "${wrong[0]}" has ${wrong[1].length} numbers, wanted ${trajectories}`);
  }
  return { sizes: { trajectories, steps, resolution: resolutionOf(layout.axes) }, time };
}
