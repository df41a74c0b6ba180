// A scene as an HDF5 file in The Well's layout. The forecast's fields keep the names of the data, so that the file is
// data of the same kind; other tracks stand beside them under their own names.

import { BOUNDARY_CODES, type WritableField, writeWell } from "walrus/data";
import type { FileArray, FileScene } from "./contents.ts";

/** Components side by side: `[steps, ..points, components]`. */
function interleaved(parts: readonly FileArray[]): Float32Array {
  if (parts.length === 1) return parts[0]!.data;
  const data = new Float32Array(parts.length * parts[0]!.data.length);
  parts.forEach((part, c) => part.data.forEach((value, i) => data[i * parts.length + c] = value));
  return data;
}

/** Fields of the file: vectors and matrices where all components are there, scalars else. */
function fieldsOf({ arrays, axes }: FileScene): WritableField[] {
  const groups = Object.values(
    Object.groupBy(arrays, ({ track, field }) => JSON.stringify([track, field])),
  ) as FileArray[][];
  return groups.flatMap((parts) => {
    const order = [1, axes.length, axes.length ** 2].indexOf(parts.length);
    const named = (name: string) => parts[0]!.track === "forecast" ? name : `${parts[0]!.track}_${name}`;
    // On a line a vector has one component, as a scalar has.
    if (order < 0 || axes.length === 1) {
      return parts.map((part) => ({ name: named(part.key), order: 0, constant: false, data: part.data }));
    }
    const name = named(order === 0 ? parts[0]!.key : parts[0]!.field);
    return [{ name, order, constant: false, data: interleaved(parts) }];
  });
}

/** The bytes of the file. */
export async function hdf5File(scene: FileScene): Promise<Uint8Array<ArrayBuffer>> {
  const { name, system, axes, times, hidden, provenance } = scene;
  const mask = hidden ? [{ name: "mask", order: 0, constant: true, data: Float32Array.from(hidden) }] : [];
  const bytes = await writeWell({
    dataset: `${name}_forecast`,
    gridType: system,
    axes: axes.map(({ name, coordinates }) => ({ name, coordinates })),
    times,
    boundaries: axes.map(({ boundary: [low, high] }) => [code(low), code(high)]),
    fields: [...fieldsOf(scene), ...mask],
    attributes: provenance,
  });
  return bytes as Uint8Array<ArrayBuffer>;
}

function code(side: "wall" | "open" | "periodic"): number {
  return BOUNDARY_CODES[side.toUpperCase() as keyof typeof BOUNDARY_CODES];
}
