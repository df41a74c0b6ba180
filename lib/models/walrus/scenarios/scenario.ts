// What the catalogue says of a data set that the network was trained or scored on.

import type { Boundary, SampleField } from "../../../data/dataset.ts";
import type { FieldTransforms } from "../../../data/transforms.ts";

/** A field of a scenario. */
export interface ScenarioField extends Pick<SampleField, "name" | "order" | "constant"> {
  /** As its authors give them; `1` where they are without dimension, `code` for units of the simulation. */
  readonly units: string;
}

/** What is worth knowing of one, and who says so. */
export interface Quirk {
  /** In words. */
  readonly what: string;
  /** Section of the specification, or the data set's page. */
  readonly source: string;
}

/** A data set of the paper. Plain data. */
export interface Scenario {
  /** The data set's name: what its files say, or its folder. */
  readonly name: string;
  /** Where it is used: `pretraining`, or `downstream`, for finetuning alone. */
  readonly stage: "pretraining" | "downstream";
  /** Whose collection. */
  readonly collection: "The Well" | "FlowBench" | "BubbleML" | "PDEArena" | "PDEGym" | "PDEBench";
  /** Name on a Hub; null where there is none of these files. */
  readonly hub: string | null;
  /** Page of the data set. */
  readonly page: string;
  /** Which reader opens the collection's own files. */
  readonly format: string;
  /** `cartesian`, or a curvilinear system: such data are neither embedded in 3D nor rotated. */
  readonly system: "cartesian" | "spherical" | "log-spherical";
  /** Names of the axes in storage order. */
  readonly axes: readonly string[];
  /** Points along each axis. */
  readonly grid: readonly number[];
  /** Frames of a trajectory; the lengths that occur where they differ. */
  readonly frames: readonly number[];
  /** How many there are in all splits. */
  readonly trajectories: number;
  /** Those that vary in time, and constant ones. */
  readonly fields: readonly ScenarioField[];
  /** Near and far side of each axis; null where the system has none such (a sphere). */
  readonly boundaries: readonly (readonly [Boundary, Boundary])[] | null;
  /** Run parameters and what they range over. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Time from frame to frame, in the authors' words. */
  readonly spacing: string;
  /** Fields that the network takes in another form. */
  readonly transforms: FieldTransforms;
  /** Frames of an input window. */
  readonly context: number;
  /** Samples of a micro-batch. */
  readonly batch: number;
  /** Least and largest stride in time of training. */
  readonly strides: readonly [number, number];
  /** How trajectories are divided. */
  readonly splits: string;
  /** What is worth knowing. */
  readonly quirks: readonly Quirk[];
}

/** Dimensions of space. */
export function dimensionsOf({ grid }: Pick<Scenario, "grid">): number {
  return grid.length;
}
