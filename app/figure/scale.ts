// Values and their colours: the one rule of the page's renderers, its legend, and the figures of the commands.

import type { ColorMapName } from "./colors.ts";
import type { Limits } from "./limits.ts";

/** A colour scale. */
export interface Scale extends Limits {
  readonly map: ColorMapName;
  /** Whether colours go with the logarithm; both ends are then positive. */
  readonly log?: boolean;
}

/** What a value is before it is looked up: its logarithm on such a scale. Single precision, as textures are. */
export function plotted(value: number, { log }: Pick<Scale, "log">): number {
  return log ? Math.fround(Math.log10(value)) : value;
}

/** Where the table begins, and how many of its colours there are for 1. Single precision. */
export function lookup(scale: Scale): { readonly from: number; readonly factor: number } {
  const [low, high] = [plotted(scale.low, scale), plotted(scale.high, scale)];
  return { from: Math.fround(low), factor: Math.fround(256 / (high - low)) };
}

/** Which of the 256 colours a plotted value has; the same steps of rounding as in the shader. */
export function colorIndex(value: number, from: number, factor: number): number {
  const at = Math.fround(Math.fround(value - from) * factor);
  return at >= 255 ? 255 : at > 0 ? Math.floor(at) : 0;
}

/** The value at a share of the way from the lower end to the upper. */
export function valueAt(scale: Scale, share: number): number {
  const { low, high } = scale;
  return scale.log ? low * (high / low) ** share : low + share * (high - low);
}

/** How many of some numbers lie beyond the ends of a scale. */
export interface Beyond {
  readonly below: number;
  readonly above: number;
  readonly count: number;
}

/** Counts the finite numbers of a plane that lie beyond a scale's ends. */
export function countBeyond(
  values: Float32Array,
  { low, high }: Limits,
  skip?: (index: number) => boolean,
): Beyond {
  let [below, above, count] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value) || skip?.(i)) continue;
    count++;
    if (value < low) below++;
    else if (value > high) above++;
  }
  return { below, above, count };
}
