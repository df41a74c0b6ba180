// Windows: which frames of a trajectory make a sample, and the sample itself (data.md sections 2 and 3).

import type { Boundaries } from "./boundaries.ts";

/** A field among the channels: `components` of them from `start` on. */
export interface ChannelGroup {
  /** Name after transforms. */
  readonly name: string;
  /** Tensor order: 0 scalar, 1 vector, 2 matrix (row index first). */
  readonly order: number;
  /** First channel. */
  readonly start: number;
  /** Number of channels. */
  readonly components: number;
}

/** One sample, ready for the network: three spatial axes, channels last, physical units after transforms. */
export interface Window {
  /** Variable channels `[T, X, Y, Z, C]`. */
  readonly frames: Float32Array;
  /** Constant channels `[X, Y, Z, Cc]`. */
  readonly constants: Float32Array;
  /** X, Y, Z; singleton axes have 1 point. */
  readonly shape: readonly [number, number, number];
  /** Time of every frame. */
  readonly times: Float64Array;
  /** Names of the C variable channels. */
  readonly channels: readonly string[];
  /** Names of the Cc constant channels. */
  readonly constantChannels: readonly string[];
  /** How the variable channels belong to fields. */
  readonly groups: readonly ChannelGroup[];
  /** How the constant channels belong to fields. */
  readonly constantGroups: readonly ChannelGroup[];
  /** 1 for real channels, 0 for components that only the embedding added, `[C]`. */
  readonly channelMask: Uint8Array;
  /** 1 for hidden cells, `[X, Y, Z]`; null when none are hidden. */
  readonly hidden: Uint8Array | null;
  /** Codes of the near and far side of three axes. */
  readonly boundaries: Boundaries;
  /** Name of the data set. */
  readonly dataset: string;
}

/**
 * Windows of a trajectory.
 *
 * @param steps frames of the trajectory
 * @param inputs frames in
 * @param outputs frames out
 * @param stride frames from one to the next
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.equal(windowCount(40, 6, 1, 1), 34);
 * ```
 */
export function windowCount(steps: number, inputs: number, outputs: number, stride: number): number {
  return Math.max(0, steps - stride * (inputs + outputs - 1));
}

/** Largest stride a window of `inputs + outputs` frames from `from` on can have. */
export function largestStride(steps: number, from: number, inputs: number, outputs: number): number {
  return Math.floor((steps - from - 1) / (inputs + outputs - 1));
}

/** Where a window lies. */
export interface WindowPlace {
  /** Which file of the split. */
  readonly file: number;
  /** Which trajectory of the file. */
  readonly trajectory: number;
  /** First frame. */
  readonly from: number;
}

/** Trajectories and windows of one file. */
export interface FileWindows {
  /** Trajectories of the file. */
  readonly trajectories: number;
  /** Windows of each. */
  readonly windows: number;
}

/**
 * Place of the window with a running index over files, trajectories and start frames.
 *
 * @throws RangeError for an index beyond the last window
 */
export function locateWindow(index: number, files: readonly FileWindows[]): WindowPlace {
  let rest = index;
  for (const [file, { trajectories, windows }] of files.entries()) {
    if (index >= 0 && rest < trajectories * windows) {
      return { file, trajectory: Math.floor(rest / windows), from: rest % windows };
    }
    rest -= trajectories * windows;
  }
  throw new RangeError(`Window ${index} does not exist, there are ${index - rest}`);
}

/** How whole trajectories are cut for rollouts. */
export interface RolloutCut {
  /** First input frame. */
  readonly from: number;
  /** Predicted steps. */
  readonly outputs: number;
}

/**
 * Input start and output count of a rollout over a whole trajectory.
 *
 * @param shortest frames of the shortest file of the split
 * @param inputs frames in
 * @param stride frames from one to the next
 * @param startAt inputs end just before this frame; 0 starts at the first frame
 * @param limit largest number of outputs
 * @throws RangeError when the inputs would start before the first frame
 */
export function rolloutCut(
  shortest: number,
  inputs: number,
  stride: number,
  startAt: number,
  limit: number,
): RolloutCut {
  const from = startAt > 0 ? startAt - inputs * stride : 0;
  if (from < 0) {
    throw new RangeError(
      `Outputs can not start at frame ${startAt}: ${inputs} inputs with stride ${stride} come before`,
    );
  }
  const outputs = Math.floor((shortest - Math.max(inputs * stride, startAt)) / stride);
  return { from, outputs: Math.max(0, Math.min(limit, outputs)) };
}

/**
 * First value of a window that is not finite, in words, or null.
 *
 * @param window to check
 */
export function findNotFinite(window: Window): string | null {
  const describe = (data: Float32Array, channels: readonly string[], kind: string): string | null => {
    const i = data.findIndex((v) => !Number.isFinite(v));
    if (i < 0) return null;
    const points = window.shape[0] * window.shape[1] * window.shape[2] * channels.length;
    const frame = kind === "frame" ? `frame ${Math.floor(i / points)}, ` : "";
    return `${frame}channel ${channels[i % channels.length]} is ${data[i]}`;
  };
  return describe(window.frames, window.channels, "frame") ??
    describe(window.constants, window.constantChannels, "constant");
}
