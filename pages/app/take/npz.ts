// A scene as an archive of NumPy arrays: `truth_A`, `forecast_A`, .. of shape [steps, ..points], with times, coordinates
// and hidden cells; provenance as JSON beside them.

import { writeNpy, writeZip } from "walrus/io";
import type { FileScene } from "./contents.ts";

/** The bytes of the archive. `np.load(file)["forecast_A"]` reads an array of it. */
export function npzFile(
  { axes, steps, times, hidden, arrays, provenance }: FileScene,
): Uint8Array<ArrayBuffer> {
  const shape = axes.map(({ points }) => points);
  const files: Record<string, Uint8Array> = {};
  for (const { track, key, data } of arrays) {
    files[`${track}_${key}.npy`] = writeNpy({ shape: [steps, ...shape], data });
  }
  files["time.npy"] = writeNpy({ shape: [steps], data: times });
  for (const { name, points, coordinates } of axes) {
    files[`${name}.npy`] = writeNpy({ shape: [points], data: coordinates });
  }
  if (hidden) files["hidden.npy"] = writeNpy({ shape, data: hidden });
  files["provenance.json"] = new TextEncoder().encode(JSON.stringify(provenance, null, 2));
  return writeZip(files) as Uint8Array<ArrayBuffer>;
}
