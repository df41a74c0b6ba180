// A data set of the second format: two waves on a periodic strip that fade, as NumPy arrays with a description.

import { writeNpy } from "../../lib/io/npy_writer.ts";

const [TRAJECTORIES, FRAMES, X, Y] = [4, 8, 16, 4] as const;

/** Numbers `[trajectory, time, x, y]` of a wave with some number of crests. */
function wave(crests: number): Float32Array {
  const out = new Float32Array(TRAJECTORIES * FRAMES * X * Y);
  let at = 0;
  for (let n = 0; n < TRAJECTORIES; n++) {
    for (let t = 0; t < FRAMES; t++) {
      for (let x = 0; x < X; x++) {
        for (let y = 0; y < Y; y++) {
          out[at++] = Math.exp(-0.15 * t) * (Math.sin(2 * Math.PI * crests * x / X + n) + 0.1 * y);
        }
      }
    }
  }
  return out;
}

const DESCRIPTION = `
name: waves
grid: { axes: [x, y], spacing: 1 }
boundaries: { x: periodic, y: [wall, open] }
time: 0.5
fields: { A: a.npy, B: b.npy }
splits: { train: 0-1, valid: [2], test: [3] }
`;

/** Writes the data set into a folder. */
export async function writeWaves(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const shape = [TRAJECTORIES, FRAMES, X, Y];
  await Deno.writeFile(`${folder}/a.npy`, writeNpy({ shape, data: wave(1) }));
  await Deno.writeFile(`${folder}/b.npy`, writeNpy({ shape, data: wave(2) }));
  await Deno.writeTextFile(`${folder}/arrays.yaml`, DESCRIPTION);
}
