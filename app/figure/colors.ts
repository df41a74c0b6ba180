// Colour maps as tables of 256 colours: bytes for textures, packed pixels for 2D canvases.

import { COLOR_MAPS } from "./color_maps.ts";

/** Names of the colour maps. */
export type ColorMapName = keyof typeof COLOR_MAPS;

/** Maps for fields, in the order of a menu. */
export const FIELD_MAPS: readonly ColorMapName[] = ["viridis", "cividis", "magma", "balance", "RdBu"];

const tables = new Map<ColorMapName, Uint8Array>();

/** 256 colours of a map, red, green and blue a byte each. */
export function colorTable(name: ColorMapName): Uint8Array {
  let table = tables.get(name);
  if (!table) {
    table = Uint8Array.from(atob(COLOR_MAPS[name]), (c) => c.charCodeAt(0));
    tables.set(name, table);
  }
  return table;
}

/** The same as opaque pixels of an ImageData seen as 32-bit numbers (little-endian, as all browsers' machines). */
export function packedTable(name: ColorMapName): Uint32Array {
  const table = colorTable(name);
  return Uint32Array.from(
    { length: 256 },
    (_, i) => packed(table[3 * i]!, table[3 * i + 1]!, table[3 * i + 2]!),
  );
}

/** An opaque pixel. */
export function packed(red: number, green: number, blue: number): number {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A colour as CSS has it. */
export function cssColor(name: ColorMapName, index: number): string {
  const table = colorTable(name);
  return `rgb(${table[3 * index]} ${table[3 * index + 1]} ${table[3 * index + 2]})`;
}
