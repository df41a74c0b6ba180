// Zooming and moving a view.

import type { View } from "../scene.ts";
import { MOST_ZOOM } from "./lens.ts";

/** What is seen. */
export type Sight = Pick<View, "zoom" | "centre">;

/** A sight whose centre lies such that nothing beyond the plane is seen. */
function inside(zoom: number, right: number, up: number): Sight {
  const margin = 0.5 / zoom;
  const within = (share: number) => Math.max(margin, Math.min(1 - margin, share));
  return { zoom, centre: [within(right), within(up)] };
}

/**
 * Zooms about a place that stays where it is.
 *
 * @param sight as it is
 * @param factor above 1: nearer
 * @param about shares of the picture to the right and up; its middle unless given
 */
export function zoomed(
  { zoom, centre }: Sight,
  factor: number,
  about: readonly [number, number] = [0.5, 0.5],
): Sight {
  const wanted = Math.max(1, Math.min(MOST_ZOOM, zoom * factor));
  // Close to 1 is 1: cells are whole pixels again.
  const next = wanted < 1.02 ? 1 : wanted;
  const shift = (i: 0 | 1) => centre[i] + (about[i] - 0.5) * (1 / zoom - 1 / next);
  return inside(next, shift(0), shift(1));
}

/** Moves what is seen by shares of the picture, to the right and up. */
export function panned({ zoom, centre }: Sight, right: number, up: number): Sight {
  return inside(zoom, centre[0] - right / zoom, centre[1] - up / zoom);
}
