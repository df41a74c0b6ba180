// What is shown of a forecast: frames as planes of numbers, names and times.

import type { Sample, SampleInfo } from "walrus";
import { componentNames } from "walrus/data";
import { axisLength } from "../figure/extent.ts";
import type { Plane } from "../figure/plane.ts";

/** A forecast beside the truth. */
export interface ForecastView {
  readonly dataset: string;
  /** X, Y, Z; Z is 1 in 2D. */
  readonly shape: readonly [number, number, number];
  readonly channels: readonly string[];
  /** Field of each channel: components of one share their colours. Each its own unless given. */
  readonly fields?: readonly string[];
  /** Lengths of the axes in one unit, 0 where not known; as their points unless given. */
  readonly lengths?: readonly [number, number, number];
  readonly axisNames: readonly string[];
  /** Time of every step. */
  readonly times: readonly number[];
  /** `[X, Y, Z, C]` per step; null where the file has no frame left. */
  readonly truth: readonly (Float32Array | null)[];
  /** `[X, Y, Z, C]` per step. */
  readonly forecast: readonly Float32Array[];
  /** 1 for hidden cells, `[X, Y, Z]`. */
  readonly hidden: Uint8Array | null;
  /** Which plane of a grid with three axes is drawn; the middle one of the third axis unless given. */
  readonly plane?: PlaneChoice;
}

/** A plane of points across one axis. */
export interface PlaneChoice {
  /** Number of the axis it lies across. */
  readonly axis: number;
  /** Which of the axis's points. */
  readonly index: number;
}

/** How a plane lies in the grid. */
export interface DrawnPlane extends PlaneChoice {
  /** Numbers of the axes to the right and up. */
  readonly right: number;
  readonly up: number;
}

/** The plane that is drawn: x to the right and y up, or whatever axes the choice leaves. */
export function drawnPlane({ shape, plane }: Pick<ForecastView, "shape" | "plane">): DrawnPlane {
  const { axis, index } = plane ?? { axis: 2, index: Math.floor(shape[2] / 2) };
  const [right = 0, up = 1] = [0, 1, 2].filter((other) => other !== axis);
  return { axis, index, right, up };
}

/** X, Y, Z of a grid; 1 for axes it does not have. */
export function gridShape({ grid: { shape: [x = 1, y = 1, z = 1] } }: SampleInfo): [number, number, number] {
  return [x, y, z];
}

/** The fields of a frame that vary, side by side: `[X, Y, Z, C]`. */
export function channelsOf({ info, values }: Pick<Sample, "info" | "values">): Float32Array {
  const widths = info.fields.map((field) => field.constant ? 0 : componentNames(info, field).length);
  const channels = widths.reduce((sum, width) => sum + width, 0);
  const points = info.grid.shape.reduce((n, size) => n * size, 1);
  const out = new Float32Array(points * channels);
  let first = 0;
  widths.forEach((width, field) => {
    const own = values[field]!;
    for (let p = 0; p < points; p++) {
      for (let c = 0; c < width; c++) out[p * channels + first + c] = own[p * width + c]!;
    }
    first += width;
  });
  return out;
}

/** Lengths of the axes of a grid whose coordinates are of one kind. */
export function gridLengths({ grid }: SampleInfo): Pick<ForecastView, "lengths"> {
  if (grid.system !== "cartesian") return {};
  const [x = 0, y = 0, z = 0] = grid.axes.map((_, i) =>
    axisLength(grid.coordinates[i] ?? [], grid.shape[i]!)
  );
  return { lengths: [x, y, z] };
}

/** Field of each channel of a frame. */
export function channelFields(info: SampleInfo): string[] {
  return info.fields.flatMap((field) =>
    field.constant ? [] : componentNames(info, field).map(() => field.name)
  );
}

/** The channel of a frame as a picture. */
export function planeOf(view: ForecastView, frame: Float32Array, channel: number): Plane {
  const { axis, index, right, up } = drawnPlane(view);
  const strides = [view.shape[1] * view.shape[2], view.shape[2], 1];
  const [width, height] = [view.shape[right]!, view.shape[up]!];
  const values = new Float32Array(width * height);
  const hidden = view.hidden && new Uint8Array(width * height);
  for (let a = 0; a < width; a++) {
    for (let b = 0; b < height; b++) {
      const point = a * strides[right]! + b * strides[up]! + index * strides[axis]!;
      const at = (height - 1 - b) * width + a;
      if (hidden) hidden[at] = view.hidden![point]!;
      values[at] = frame[point * view.channels.length + channel]!;
    }
  }
  return { width, height, values, hidden };
}
