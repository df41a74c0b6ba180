// The step that the full-size bench times: six frames of a shipped simulation, repeated over 512 x 512 points (1,024
// tokens) and bent by a slow wave, so that no two tokens are alike. Also as a file, for the same step elsewhere.

import { fieldIndices, openWell, type WalrusConfig, type Window } from "../../mod.ts";
import { windowGeometry } from "../../lib/forecast/walrus.ts";
import { writeFileAtomic } from "../../lib/io/file.ts";
import { streamSafetensors } from "../../lib/io/safetensors_writer.ts";

const FRAMES = 6;
const POINTS = 512;
const DATA = new URL("../../examples/data/gray_scott_mini.hdf5", import.meta.url).pathname;

/** Six frames on a periodic grid. */
export async function fullWindow(): Promise<Window> {
  using well = await openWell(DATA);
  const small = await well.trajectory(0).window({ from: 0, length: FRAMES });
  const [nx, ny] = small.shape;
  const channels = small.channels.length;
  const frames = new Float32Array(FRAMES * POINTS * POINTS * channels);
  let i = 0;
  for (let t = 0; t < FRAMES; t++) {
    for (let x = 0; x < POINTS; x++) {
      for (let y = 0; y < POINTS; y++) {
        const wave = 1 + 0.5 * Math.sin(2 * Math.PI * (3 * x + 5 * y) / POINTS);
        for (let c = 0; c < channels; c++) {
          const value = small.frames[((t * nx + x % nx) * ny + y % ny) * channels + c]!;
          frames[i++] = value * wave;
        }
      }
    }
  }
  return { ...small, shape: [POINTS, POINTS, 1], frames };
}

/** Writes the window, and what a step needs to know besides, as one safetensors file. */
export async function writeFullStep(path: string, window: Window, config: WalrusConfig): Promise<void> {
  const [X, Y] = window.shape;
  const geometry = windowGeometry(window, false);
  const none = [0, 0];
  const step = {
    axes: geometry.slice(0, 2),
    fields: fieldIndices(window.channels, config.fields),
    states: config.states,
    heads: config.heads,
    epsilon: config.epsilon,
    patch: none,
    rolls: Array.from({ length: config.blocks }, () => none),
  };
  const shape = [FRAMES, 1, X, Y, 1, window.channels.length];
  const tensor = { name: "window", shape, read: () => window.frames };
  await writeFileAtomic(path, streamSafetensors([tensor], "f32", { step: JSON.stringify(step) }));
}
