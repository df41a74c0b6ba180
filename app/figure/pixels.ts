// Cells as bytes of an image.

import type { Fit } from "./fit.ts";
import { paint, paintedSize } from "./paint.ts";
import type { Cells } from "./plane.ts";
import type { Scale } from "./scale.ts";

/** An image of four bytes a pixel. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Cells as they are drawn at their size; `single`: a pixel each, for those that enlarge without blur. */
export function pixelsOf(cells: Cells, scale: Scale, { zoom }: Pick<Fit, "zoom">, single = false): Pixels {
  const painting = { cells, scale, zoom: single ? [1, 1] as const : zoom, unit: 1 };
  const [width, height] = paintedSize(painting);
  return { width, height, data: new Uint8Array(paint(painting).buffer) };
}
