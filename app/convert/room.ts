// How much room a conversion takes on the disk.

import { gzipSync } from "node:zlib";
import type { Dataset } from "walrus";
import type { Plan } from "./plan.ts";
import type { Settings } from "./settings.ts";

/** What files have besides numbers, each, and for one that compresses worse than the frame that was tried. */
const OVERHEAD = 1 << 16;
const MARGIN = 1.1;

/** By how much the first frame is compressed, without the shuffle that compresses it further. */
async function ratioOf(data: Dataset, level: number): Promise<number> {
  const trajectory = (await data.split()).trajectory(0);
  const { values } = await trajectory.sample([Math.floor(trajectory.steps / 2)]);
  let [before, after] = [0, 0];
  for (const { buffer, byteOffset, byteLength } of values) {
    before += byteLength;
    after += gzipSync(new Uint8Array(buffer, byteOffset, byteLength), { level }).length;
  }
  return Math.min(1, MARGIN * after / before);
}

/**
 * Bytes that the results take, about: as much as a frame in the middle tells of all.
 *
 * @param data the source
 * @param plan what is written
 * @param settings how
 */
export async function neededBytes(
  data: Dataset,
  { pieces }: Plan,
  { to, framesPerChunk, level }: Settings,
): Promise<number> {
  const raw = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  const packed = to !== "npz" && framesPerChunk > 0;
  return Math.ceil(raw * (packed ? await ratioOf(data, level) : 1)) + pieces.length * OVERHEAD;
}
