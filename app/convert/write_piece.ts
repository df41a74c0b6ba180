// What a worker does to write a piece: a whole file or nothing.

import type { Dataset } from "walrus";
import { atomicFile } from "walrus/io";
import type { Answers, Task } from "../pool.ts";
import { trajectoriesOf } from "./frames.ts";
import { writeArrays } from "./write_npz.ts";
import { writeWellFile } from "./write_well.ts";
import { writeChunks } from "./write_zarr.ts";

/** Removes what an earlier process left under a name. */
async function clear(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Writes a piece.
 *
 * @param data the source
 * @param task what and where
 * @param onFrames told of progress
 * @throws RangeError for what can not be read or written; nothing is left behind then
 */
export async function writePiece(
  data: Dataset,
  { piece, settings, path, temporary }: Extract<Task, { kind: "write" }>,
  onFrames: (count: number) => void,
): Promise<Answers["write"]> {
  const trajectories = await trajectoriesOf(data, piece);
  await clear(temporary);
  if (settings.to === "zarr") {
    return { bytes: await writeChunks(trajectories, piece, settings, path, onFrames), notes: [] };
  }
  const file = await atomicFile(path, temporary);
  try {
    const bytes = settings.to === "well"
      ? await writeWellFile(trajectories, settings, file, onFrames)
      : await writeArrays(trajectories, file, onFrames);
    await file.commit();
    return { bytes, notes: [] };
  } catch (error) {
    await file.discard();
    throw error;
  }
}
