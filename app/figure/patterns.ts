// What is drawn where there is no number: hidden cells are hatched grey, numbers that are not finite are black and white
// checks. Patterns go by the pixel, so that they look alike at every size of cell; the shader has the same rules.

import { packed } from "./colors.ts";

/** Greys of the hatching, ground and line: between both themes. */
export const HATCH_GROUND = 0xa6, HATCH_LINE = 0x6e;

/** Pixels from line to line, and of a square of the checks, for pixels of this density. */
export function patternUnit(density: number): number {
  return Math.max(1, Math.round(density));
}

const GROUND = packed(HATCH_GROUND, HATCH_GROUND, HATCH_GROUND);
const LINE = packed(HATCH_LINE, HATCH_LINE, HATCH_LINE);
const BLACK = packed(0, 0, 0);
const WHITE = packed(255, 255, 255);

/** The pixel of a hidden cell. */
export function hatched(x: number, y: number, unit: number): number {
  return (x + y) % (6 * unit) < 2 * unit ? LINE : GROUND;
}

/** The pixel of a cell whose number is not finite. */
export function checked(x: number, y: number, unit: number): number {
  return (Math.floor(x / (4 * unit)) + Math.floor(y / (4 * unit))) % 2 === 0 ? BLACK : WHITE;
}
