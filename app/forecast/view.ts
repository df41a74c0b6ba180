// What is shown of a forecast: frames, names and times, free of padded channels.

import type { Window } from "../../lib/data/window.ts";

/** A forecast beside the truth. */
export interface ForecastView {
  readonly dataset: string;
  /** X, Y, Z; Z is 1 in 2D. */
  readonly shape: readonly [number, number, number];
  readonly channels: readonly string[];
  readonly axisNames: readonly string[];
  /** Time of every step. */
  readonly times: readonly number[];
  /** `[X, Y, Z, C]` per step; null where the file has no frame left. */
  readonly truth: readonly (Float32Array | null)[];
  /** `[X, Y, Z, C]` per step. */
  readonly forecast: readonly Float32Array[];
  /** 1 for hidden cells, `[X, Y, Z]`. */
  readonly hidden: Uint8Array | null;
}

/** Frames without the channels that only the embedding added. */
export function realFrame(window: Window, frame: Float32Array): Float32Array {
  const channels = Array.from(window.channels.keys()).filter((c) => window.channelMask[c] === 1);
  const count = window.channels.length;
  const out = new Float32Array((frame.length / count) * channels.length);
  for (let p = 0, at = 0; p < frame.length; p += count) for (const c of channels) out[at++] = frame[p + c]!;
  return out;
}

/** A plane of one channel: `width * height` values, rows from the top (largest y) down; NaN where hidden. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** The channel of a frame as a picture: x to the right, y up, the middle plane of the third axis. */
export function planeOf(view: ForecastView, frame: Float32Array, channel: number): Plane {
  const [X, Y, Z] = view.shape;
  const z = Math.floor(Z / 2);
  const values = new Float32Array(X * Y);
  for (let x = 0; x < X; x++) {
    for (let y = 0; y < Y; y++) {
      const point = (x * Y + y) * Z + z;
      const hidden = view.hidden !== null && view.hidden[point] !== 0;
      values[(Y - 1 - y) * X + x] = hidden ? NaN : frame[point * view.channels.length + channel]!;
    }
  }
  return { width: X, height: Y, values };
}

/** Difference of two planes. */
export function difference(a: Plane, b: Plane): Plane {
  return { ...a, values: a.values.map((v, i) => v - b.values[i]!) };
}
