// A scene as an archive of NumPy arrays: `truth_A`, `forecast_A`, .. of shape [steps, ..points], with times, coordinates
// and hidden cells; `provenance` is JSON, its bytes as an array.

import { type WritableArray, writeNpz } from "walrus/io";
import type { FileScene } from "./contents.ts";

/** The bytes of the archive. `np.load(file)["forecast_A"]` reads an array of it. */
export function npzFile(
  { axes, steps, times, hidden, arrays, provenance }: FileScene,
): Uint8Array<ArrayBuffer> {
  const shape = axes.map(({ points }) => points);
  const files: Record<string, WritableArray> = {};
  for (const { track, key, data } of arrays) files[`${track}_${key}`] = { shape: [steps, ...shape], data };
  files["time"] = { shape: [steps], data: times };
  for (const { name, points, coordinates } of axes) files[name] = { shape: [points], data: coordinates };
  if (hidden) files["hidden"] = { shape, data: hidden };
  const text = new TextEncoder().encode(JSON.stringify(provenance));
  files["provenance"] = { shape: [text.length], data: text };
  return writeNpz(files) as Uint8Array<ArrayBuffer>;
}
