// Trajectories of The Well's HDF5 files as samples: frames read by range, vectors and tensors embedded in three
// dimensions, fields transformed and named as the network knows them (data.md sections 1 to 3).

import { type AttributeValue, type Hdf5File, openHdf5 } from "../io/hdf5.ts";
import type { SourceInput } from "../io/source.ts";
import { type Boundaries, BOUNDARY_CODES } from "./boundaries.ts";
import { type FieldInfo, readMetadata, type WellMetadata } from "./metadata.ts";
import { applyTransform, type FieldTransforms, releasedTransforms, transformedName } from "./transforms.ts";
import type { ChannelGroup, Window } from "./window.ts";

/** How a file is read. */
export interface WellOptions {
  /** Transforms by field name; those of the released model for this data set unless given, `{}` for none. */
  readonly transforms?: FieldTransforms;
}

/** Frames of one sample. */
export interface WindowRequest {
  /** First frame. */
  readonly from: number;
  /** Number of frames. */
  readonly length: number;
  /** Frames from one to the next, 1 unless given. */
  readonly stride?: number;
}

/** One frame of a trajectory, channels as in its windows. */
export interface TrajectoryFrame {
  /** Position, from 0. */
  readonly index: number;
  /** In the data's units. */
  readonly time: number;
  /** `[X, Y, Z, C]` */
  readonly values: Float32Array;
  /** Names of the channels. */
  readonly channels: readonly string[];
}

/** How a file's fields become channels. */
interface Channels {
  readonly fields: readonly FieldInfo[];
  readonly groups: readonly ChannelGroup[];
  readonly names: readonly string[];
  readonly mask: Uint8Array;
}

/** Number of components along each tensor axis, and their names, once embedded. */
function componentAxes(metadata: WellMetadata): readonly string[] {
  const embedded = metadata.gridType === "cartesian" && metadata.axes.length < 3;
  return embedded ? ["x", "y", "z"] : metadata.axes;
}

/** Names of a field's components, row index first: `D_xy`. */
function componentNames(name: string, order: number, axes: readonly string[]): string[] {
  let suffixes = [""];
  for (let i = 0; i < order; i++) suffixes = suffixes.flatMap((s) => axes.map((axis) => s + axis));
  return suffixes.map((s) => s ? `${name}_${s}` : name);
}

function channelsOf(metadata: WellMetadata, timeVarying: boolean, options: WellOptions): Channels {
  const axes = componentAxes(metadata);
  const stored = metadata.axes.length;
  const fields = metadata.fields.filter((f) => f.timeVarying === timeVarying);
  const groups: ChannelGroup[] = [];
  const names: string[] = [];
  const mask: number[] = [];
  for (const { name, order } of fields) {
    const transform = options.transforms?.[name];
    const shown = transformedName(name, transform);
    const components = axes.length ** order;
    groups.push({ name: shown, order, start: names.length, components });
    names.push(...componentNames(shown, order, axes));
    for (let c = 0; c < components; c++) {
      const indices = order === 2 ? [Math.floor(c / axes.length), c % axes.length] : order === 1 ? [c] : [];
      mask.push(indices.every((i) => i < stored) ? 1 : 0);
    }
  }
  return { fields, groups, names, mask: Uint8Array.from(mask) };
}

/** A trajectory of a file. */
export class Trajectory {
  /** Position, from 0. */
  readonly index: number;
  /** What the file says about itself. */
  readonly metadata: WellMetadata;
  /** X, Y, Z; singleton axes have 1 point. */
  readonly shape: readonly [number, number, number];
  /** Codes of the near and far side of three axes. */
  readonly boundaries: Boundaries;
  readonly #file: Hdf5File;
  readonly #options: WellOptions;
  readonly #variable: Channels;
  readonly #constant: Channels;
  #constants: Promise<Float32Array> | null = null;
  #times: Promise<Float64Array> | null = null;

  /** Made by `openWell` and `Well.trajectory`. */
  constructor(file: Hdf5File, metadata: WellMetadata, index: number, options: WellOptions) {
    this.#file = file;
    this.#options = options;
    this.metadata = metadata;
    this.index = index;
    const [x = 1, y = 1, z = 1] = metadata.resolution;
    this.shape = [x, y, z];
    const periodic = [BOUNDARY_CODES.PERIODIC, BOUNDARY_CODES.PERIODIC] as const;
    this.boundaries = [0, 1, 2].map((axis) => metadata.boundaries[axis] ?? periodic);
    this.#variable = channelsOf(metadata, true, options);
    this.#constant = channelsOf(metadata, false, options);
  }

  /** Number of frames. */
  get steps(): number {
    return this.metadata.steps;
  }

  /** Names of the variable channels. */
  get channels(): readonly string[] {
    return this.#variable.names;
  }

  /** Time of every frame. */
  times(): Promise<Float64Array> {
    const { timeSampleVarying, steps } = this.metadata;
    return this.#times ??= timeSampleVarying
      ? this.#file.readFloat64("dimensions/time", [this.index, 0], [1, steps])
      : this.#file.readFloat64("dimensions/time");
  }

  /** Value of a scalar for this trajectory. */
  async scalar(name: string): Promise<number> {
    const info = this.metadata.scalars.find((s) => s.name === name);
    if (!info || info.timeVarying) throw new RangeError(`"${this.metadata.file}" has no scalar "${name}"`);
    const values = await this.#file.readFloat64(`scalars/${name}`);
    return values[info.sampleVarying ? this.index : 0] ?? NaN;
  }

  /** Writes one frame of a field (or a constant field) into channels-last points. */
  async #place(
    field: FieldInfo,
    group: ChannelGroup,
    frame: number,
    out: Float32Array,
    channels: number,
  ): Promise<void> {
    const { resolution, axes } = this.metadata;
    const { order, dimVarying } = field;
    const start: number[] = [];
    const count: number[] = [];
    const lead = (flag: boolean, at: number) => {
      if (flag) {
        start.push(at);
        count.push(1);
      }
    };
    lead(field.sampleVarying, this.index);
    lead(field.timeVarying, frame);
    const stored = [
      ...resolution.filter((_, i) => dimVarying[i]),
      ...new Array<number>(order).fill(axes.length),
    ];
    stored.forEach((n) => {
      start.push(0);
      count.push(n);
    });
    const values = await this.#file.readFloat32(field.path, start, count);
    applyTransform(values, this.#options.transforms?.[field.name]);

    // Strides of the stored array along the three axes; an axis that is not stored repeats.
    const components = axes.length ** order;
    const strides = [0, 0, 0];
    let stride = components;
    for (let axis = resolution.length - 1; axis >= 0; axis--) {
      if (!dimVarying[axis]) continue;
      strides[axis] = stride;
      stride *= resolution[axis]!;
    }
    const target = embeddedComponents(order, axes.length, group);
    const [X, Y, Z] = this.shape;
    for (let x = 0, point = 0; x < X; x++) {
      for (let y = 0; y < Y; y++) {
        for (let z = 0; z < Z; z++, point++) {
          const from = x * strides[0]! + y * strides[1]! + z * strides[2]!;
          for (let c = 0; c < components; c++) out[point * channels + target[c]!] = values[from + c]!;
        }
      }
    }
  }

  async #fill(selection: Channels, frame: number, out: Float32Array): Promise<void> {
    for (const [i, field] of selection.fields.entries()) {
      await this.#place(field, selection.groups[i]!, frame, out, selection.names.length);
    }
  }

  #checkFrame(frame: number): void {
    if (!Number.isInteger(frame) || frame < 0 || frame >= this.steps) {
      throw new RangeError(
        `"${this.metadata.file}" has frames 0 to ${this.steps - 1}, frame ${frame} was asked for`,
      );
    }
  }

  /** The constant channels `[X, Y, Z, Cc]`; read once. */
  constants(): Promise<Float32Array> {
    return this.#constants ??= (async () => {
      const [X, Y, Z] = this.shape;
      const out = new Float32Array(X * Y * Z * this.#constant.names.length);
      await this.#fill(this.#constant, 0, out);
      return out;
    })();
  }

  /** Cells that a constant field called `mask` hides. */
  async #hidden(): Promise<Uint8Array | null> {
    const channel = this.#constant.names.indexOf("mask");
    if (channel < 0) return null;
    const constants = await this.constants();
    const count = this.#constant.names.length;
    return Uint8Array.from(
      { length: constants.length / count },
      (_, i) => constants[i * count + channel] !== 0 ? 1 : 0,
    );
  }

  /**
   * One frame.
   *
   * @param index frame of the trajectory
   * @throws RangeError for a frame that does not exist
   */
  async frame(index: number): Promise<TrajectoryFrame> {
    this.#checkFrame(index);
    const [X, Y, Z] = this.shape;
    const values = new Float32Array(X * Y * Z * this.#variable.names.length);
    await this.#fill(this.#variable, index, values);
    const time = (await this.times())[index] ?? NaN;
    return { index, time, values, channels: this.#variable.names };
  }

  /**
   * A sample.
   *
   * @param request first frame, number of frames, stride
   * @throws RangeError when the trajectory is too short for it
   *
   * @example
   * ```ts
   * import assert from "node:assert/strict";
   * using well = await openWell("examples/data/gray_scott_mini.hdf5");
   * const start = await well.trajectory(0).window({ from: 0, length: 6 });
   * assert.deepEqual(start.shape, [64, 64, 1]);
   * assert.deepEqual(start.channels, ["A", "B"]);
   * ```
   */
  async window({ from, length, stride = 1 }: WindowRequest): Promise<Window> {
    if (!Number.isInteger(length) || length < 1 || !Number.isInteger(stride) || stride < 1) {
      throw new RangeError(`A window has ${length} frames with stride ${stride}, wanted integers from 1`);
    }
    this.#checkFrame(from);
    const last = from + (length - 1) * stride;
    if (last >= this.steps) {
      throw new RangeError(
        `"${this.metadata.file}" is too short: frames ${from} to ${last} are wanted, it has 0 to ${
          this.steps - 1
        }`,
      );
    }
    const times = await this.times();
    const indices = Array.from({ length }, (_, k) => from + k * stride);
    const frames: Float32Array[] = [];
    for (const index of indices) frames.push((await this.frame(index)).values);
    const size = frames[0]!.length;
    const all = new Float32Array(size * length);
    frames.forEach((values, k) => all.set(values, k * size));
    return {
      frames: all,
      constants: await this.constants(),
      shape: this.shape,
      times: Float64Array.from(indices, (i) => times[i] ?? NaN),
      channels: this.#variable.names,
      constantChannels: this.#constant.names,
      groups: this.#variable.groups,
      constantGroups: this.#constant.groups,
      channelMask: this.#variable.mask,
      hidden: await this.#hidden(),
      boundaries: this.boundaries,
      dataset: this.metadata.dataset,
    };
  }
}

/** Channel of each stored component: vectors and tensors of fewer dimensions leave the embedded ones at zero. */
function embeddedComponents(order: number, stored: number, group: ChannelGroup): number[] {
  const width = Math.round(group.components ** (1 / Math.max(1, order)));
  return Array.from({ length: stored ** order }, (_, c) => {
    const place = order === 2 ? Math.floor(c / stored) * width + (c % stored) : c;
    return group.start + place;
  });
}

/** An open Well file. */
export class Well {
  /** What the file says about itself. */
  readonly metadata: WellMetadata;
  readonly #file: Hdf5File;
  readonly #options: WellOptions;

  /** Made by `openWell` and `Well.trajectory`. */
  constructor(file: Hdf5File, metadata: WellMetadata, options: WellOptions) {
    this.#file = file;
    this.metadata = metadata;
    this.#options = options;
  }

  /** How fields are changed when they are read. */
  get transforms(): FieldTransforms {
    return this.#options.transforms ?? {};
  }

  /** Parameters of the runs. */
  get parameters(): Readonly<Record<string, AttributeValue>> {
    return this.metadata.parameters;
  }

  /**
   * A trajectory; nothing is read yet.
   *
   * @param index from 0
   * @throws RangeError for one that does not exist
   */
  trajectory(index: number): Trajectory {
    const { trajectories, file } = this.metadata;
    if (!Number.isInteger(index) || index < 0 || index >= trajectories) {
      throw new RangeError(`"${file}" has trajectories 0 to ${trajectories - 1}, ${index} was asked for`);
    }
    return new Trajectory(this.#file, this.metadata, index, this.#options);
  }

  /** Lets go of what it holds. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Opens a Well file: reads and checks its metadata, no field.
 *
 * @param input path, URL, Blob or bytes; read by range
 * @param options field transforms
 * @throws SyntaxError for a file that is no valid Well file, RangeError for one that can not be opened
 */
export async function openWell(input: SourceInput, options: WellOptions = {}): Promise<Well> {
  const file = await openHdf5(input);
  try {
    const metadata = await readMetadata(file);
    for (const name of Object.keys(options.transforms ?? {})) {
      if (!metadata.fields.some((f) => f.name === name)) {
        throw new RangeError(
          `"${file.name}" has no field "${name}" to transform, it has ${
            metadata.fields.map((f) => f.name).join(", ")
          }`,
        );
      }
    }
    const transforms = options.transforms ??
      releasedTransforms(metadata.dataset, metadata.fields.map((f) => f.name));
    return new Well(file, metadata, { transforms });
  } catch (error) {
    file.close();
    throw error;
  }
}
