// The random shifts of one forward pass, drawn on the host (model.md section 4).

import type { Triple } from "../../nn/conv.ts";
import { type Geometry, largestShift, type Shifts } from "./geometry.ts";
import type { Random } from "../../random/philox.ts";

/**
 * Draws a shift of the framed grid, uniform over both directions, and a roll of the tokens before every block,
 * uniform over periodic axes.
 *
 * @param geometry made with jitter on
 * @param blocks blocks of the network
 * @param random source of integers
 */
export function drawShifts(geometry: Geometry, blocks: number, random: Random): Shifts {
  const triple = (draw: (axis: number) => number): Triple => [draw(0), draw(1), draw(2)];
  const patch = triple((i) => {
    const largest = largestShift(geometry[i]!);
    return largest === 0 ? 0 : random.below(2 * largest + 1) - largest;
  });
  const rolls = Array.from({ length: blocks }, () =>
    triple((i) => {
      const axis = geometry[i]!;
      return axis.periodic && !axis.singleton ? random.below(axis.tokens) : 0;
    }));
  return { patch, blocks: rolls };
}
