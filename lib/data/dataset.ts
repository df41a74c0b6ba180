// What every reader of simulations offers: data sets of splits of trajectories, and samples cut from them. Quantities
// are as the file has them: named fields of some tensor order on the file's own grid, in the file's units. What a
// network makes of them is the network's affair.

import type { Boundary } from "./boundaries.ts";
import type { Statistics } from "./statistics.ts";

export type { Boundary } from "./boundaries.ts";

/** What a mask is not 0 at: cells that are hidden, or cells that are kept. */
export type MaskKind = "hidden" | "kept";

/** A field of a sample. */
export interface SampleField {
  /** As the file names it. */
  readonly name: string;
  /** Tensor order: 0 scalar, 1 vector, 2 matrix (row index first). */
  readonly order: number;
  /** Whether it stays the same in time. */
  readonly constant: boolean;
  /** Set where it is a mask. */
  readonly mask?: MaskKind;
}

/** Where the points of a sample lie. */
export interface Grid {
  /** `cartesian`, `spherical`, ..: as the file says. */
  readonly system: string;
  /** Names of the axes in storage order. Scattered points have one axis. */
  readonly axes: readonly string[];
  /** Points of each axis. */
  readonly shape: readonly number[];
  /** Coordinates along each axis, evenly spaced or not; of scattered points one array for each coordinate. */
  readonly coordinates: readonly Float64Array[];
}

/** Everything about a sample but its numbers: enough to plan by. */
export interface SampleInfo {
  /** Name of the data set. */
  readonly dataset: string;
  /** Where the points lie. */
  readonly grid: Grid;
  /** Near and far side of each axis. */
  readonly boundaries: readonly (readonly [Boundary, Boundary])[];
  /** Fields that vary in time, then constant ones, each in the file's order. */
  readonly fields: readonly SampleField[];
  /** Whether some cells are hidden. */
  readonly masked: boolean;
  /** Run parameters. */
  readonly scalars: Readonly<Record<string, number>>;
}

/** Frames of a trajectory. Plain data: it may be sent to a worker, its arrays transferred. */
export interface Sample {
  /** What it is made of. */
  readonly info: SampleInfo;
  /** Time of every frame `[T]`, in the file's units. */
  readonly times: Float64Array;
  /** Numbers of each field in the order of `info.fields`: `[T, ..points, ..components]`, constant ones with T = 1. */
  readonly values: readonly Float32Array[];
  /** 1 for hidden cells, `[..points]`; null when none are hidden. */
  readonly hidden: Uint8Array | null;
  /**
   * Of each field, 1 for components that data have and 0 for those that only an embedding in more dimensions added;
   * absent where all are real.
   */
  readonly real?: readonly Uint8Array[];
}

/** One run of a simulation. */
export interface Trajectory {
  /** In words, for messages: `"file.hdf5", trajectory 3`. */
  readonly name: string;
  /** What its samples are made of. */
  readonly info: SampleInfo;
  /** Number of frames. */
  readonly steps: number;
  /** Time of every frame `[steps]`. */
  times(): Promise<Float64Array>;
  /**
   * Reads frames, any of them in any order.
   *
   * @param frames numbers from 0
   * @throws RangeError for a frame that does not exist, DisposedError once its data set is closed
   */
  sample(frames: readonly number[]): Promise<Sample>;
}

/** Trajectories that belong together: those to train on, those held out. */
export interface Split {
  /** `train`, `valid`, `test`, or `all` where a data set is not divided. */
  readonly name: string;
  /** Name of the data set. */
  readonly dataset: string;
  /** How many trajectories. */
  readonly trajectories: number;
  /** One of them, the same object each time. */
  trajectory(index: number): Trajectory;
  /** Samples of trajectories of equal kind may share a batch. */
  kind(index: number): string;
  /** Every `size`-th trajectory from `rank` on: what one of several processes reads. */
  shard(rank: number, size: number): Split;
}

/** An open data set; owns its files. Disposing of it ends its trajectories: what they read afterwards is refused. */
export interface Dataset extends Disposable {
  /** As its files say. */
  readonly name: string;
  /** Which reader opened it: `well`, `arrays`. */
  readonly format: string;
  /** What was odd but could be read. */
  readonly warnings: readonly string[];
  /** Names of its splits. */
  readonly splits: readonly string[];
  /**
   * Opens a split.
   *
   * @param name one of `splits`; the first unless given
   * @throws RangeError for one that is not there
   */
  split(name?: string): Promise<Split>;
  /** Statistics that lie beside the data; null where there are none. */
  statistics(): Promise<Statistics | null>;
}
