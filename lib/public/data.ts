/**
 * Simulations as samples: data sets of splits of trajectories, from files of any known format. Quantities are as the file
 * has them; what a network makes of them is the network's affair.
 *
 * @example A window of a trajectory
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "walrus/data";
 *
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const trajectory = (await data.split()).trajectory(0);
 * const { info, values } = await trajectory.sample([0, 1, 2]);
 * assert.deepEqual(info.fields.map(({ name }) => name), ["A", "B"]);
 * assert.equal(values[0]!.length, 3 * 64 * 64);
 * ```
 *
 * @module
 */

export { type Boundaries, BOUNDARY_CODES, boundaryCodes, type BoundaryNames } from "../data/boundaries.ts";
export { componentNames, frameSize } from "../data/components.ts";
export {
  computeStatistics,
  type FrameMoments,
  type FrameRange,
  momentsOf,
  type StatisticsOptions,
} from "../data/compute_statistics.ts";
export type {
  Boundary,
  Dataset,
  Grid,
  MaskKind,
  Sample,
  SampleField,
  SampleInfo,
  Split,
  Trajectory,
} from "../data/dataset.ts";
export {
  consecutive,
  cutRollout,
  describePlace,
  type ExampleRule,
  type Place,
  placesOf,
  readPlace,
  type RolloutCut,
  type RolloutCutOptions,
} from "../data/examples.ts";
export { holdOut } from "../data/hold_out.ts";
export { MASK_NAMES, maskKind, type Masks } from "../data/masks.ts";
export { didYouMean, nearNames } from "../data/near_names.ts";
export { findNotFinite, locateNotFinite, type NotFinite } from "../data/not_finite.ts";
export { dataFaults, type DataOptions, registerReader } from "../data/open_data.ts";
export type { Fault, OpenOptions, Reader } from "../data/reader.ts";
export type { DataInput, FileTree, Source } from "../data/source.ts";
export type { FileStore } from "../io/file_store.ts";
export { type FieldStatistic, readStatistics, type Statistics } from "../data/statistics.ts";
export { writeStatistics } from "../data/write_statistics.ts";
export { determinant, ROTATIONS, type Symmetry } from "../data/symmetry.ts";
export { transformSample } from "../data/transform_sample.ts";
export { type FieldTransform, type FieldTransforms, transformedName } from "../data/transforms.ts";
export { type WritableSample, writeSamples } from "../data/write_samples.ts";
export {
  type AxisCoordinates,
  type StreamedWell,
  streamWell,
  type WellContents,
  type WellField,
  type WellLayout,
  type WritableField,
  writeWell,
} from "../data/write_well.ts";
export { openData, type OpenDataOptions } from "../worker/open_data.ts";
