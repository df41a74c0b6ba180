// The files of one split of a data set as one list of windows (data.md sections 1 and 2).

import type { SourceInput } from "../io/source.ts";
import { openWell, type Trajectory, type Well, type WellOptions } from "./well.ts";
import { type FileWindows, locateWindow, type Window, windowCount, type WindowPlace } from "./window.ts";

/** An open split. */
export class Split {
  /** Name of the data set. */
  readonly name: string;
  /** Its files in order. */
  readonly wells: readonly Well[];
  readonly #trajectories = new Map<string, Trajectory>();

  /** Made by {@link openSplit}. */
  constructor(wells: readonly Well[]) {
    this.wells = wells;
    this.name = wells[0]!.metadata.dataset;
  }

  /** X, Y, Z; singleton axes have 1 point. */
  get shape(): readonly [number, number, number] {
    return this.trajectory(0, 0).shape;
  }

  /** Whether axes are those of a cartesian grid: only such data are rotated. */
  get cartesian(): boolean {
    return this.wells[0]!.metadata.gridType === "cartesian";
  }

  /** A trajectory of a file; the same object each time, so that what it has read is kept. */
  trajectory(file: number, index: number): Trajectory {
    const key = `${file}/${index}`;
    let found = this.#trajectories.get(key);
    if (!found) this.#trajectories.set(key, found = this.wells[file]!.trajectory(index));
    return found;
  }

  /** Windows of `inputs + 1` frames in each file. */
  counts(inputs: number, stride: number): FileWindows[] {
    return this.wells.map(({ metadata }) => ({
      trajectories: metadata.trajectories,
      windows: windowCount(metadata.steps, inputs, 1, stride),
    }));
  }

  /**
   * Places of all windows.
   *
   * @param inputs frames in
   * @param stride smallest stride
   */
  places(inputs: number, stride: number): WindowPlace[] {
    const counts = this.counts(inputs, stride);
    const total = counts.reduce((n, { trajectories, windows }) => n + trajectories * windows, 0);
    return Array.from({ length: total }, (_, i) => locateWindow(i, counts));
  }

  /** All trajectories, file after file. */
  trajectories(): Pick<WindowPlace, "file" | "trajectory">[] {
    return this.wells.flatMap(({ metadata }, file) =>
      Array.from({ length: metadata.trajectories }, (_, trajectory) => ({ file, trajectory }))
    );
  }

  /** What samples of a batch must have in common besides the grid: boundaries, and cells that are hidden. */
  kindOf({ file, trajectory }: WindowPlace): string {
    const { boundaries, fields } = this.wells[file]!.metadata;
    const hides = fields.some(({ name, timeVarying }) => name === "mask" && !timeVarying);
    return JSON.stringify([boundaries, hides ? [file, trajectory] : null]);
  }

  /** Frames in the shortest trajectory of a file. */
  steps(file: number): number {
    return this.wells[file]!.metadata.steps;
  }

  /** Reads the window at a place. */
  window({ file, trajectory, from }: WindowPlace, length: number, stride: number): Promise<Window> {
    return this.trajectory(file, trajectory).window({ from, length, stride });
  }

  /** A place in words: file, trajectory, first frame. */
  describe({ file, trajectory, from }: WindowPlace): string {
    return `"${this.wells[file]!.metadata.file}", trajectory ${trajectory}, frame ${from}`;
  }

  /** Lets go of the files. */
  [Symbol.dispose](): void {
    for (const well of this.wells) well[Symbol.dispose]();
  }
}

/**
 * Opens the files of a split.
 *
 * @param files in the order in which their windows count
 * @param options field transforms
 * @throws TypeError when files differ in data set, grid or fields; RangeError when there is none
 */
export async function openSplit(files: readonly SourceInput[], options: WellOptions = {}): Promise<Split> {
  if (files.length === 0) throw new RangeError("Cannot open a split: it has no files");
  const wells: Well[] = [];
  try {
    for (const file of files) wells.push(await openWell(file, options));
    const words = (well: Well) => {
      const { dataset, resolution, fields } = well.metadata;
      return `${dataset} on ${resolution.join(" x ")} with ${fields.map((f) => f.name).join(", ")}`;
    };
    const other = wells.find((well) => words(well) !== words(wells[0]!));
    if (other) {
      throw new TypeError(
        `Cannot open a split: "${other.metadata.file}" is ${words(other)}, "${wells[0]!.metadata.file}" is ${
          words(wells[0]!)
        }`,
      );
    }
    return new Split(wells);
  } catch (error) {
    for (const well of wells) well[Symbol.dispose]();
    throw error;
  }
}
