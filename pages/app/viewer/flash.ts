// Whether a panel flashes: a quarter of it changes its luminance by more than a tenth from one step to the next.

import { colorTable } from "../../../app/figure/colors.ts";
import { type Cells, SHOWN } from "../../../app/figure/plane.ts";
import { colorIndex, lookup, plotted, type Scale } from "../../../app/figure/scale.ts";

const luminances = new Map<string, Float32Array>();

/** Relative luminance (WCAG) of the 256 colours of a map. */
function luminanceTable(map: Scale["map"]): Float32Array {
  let table = luminances.get(map);
  if (!table) {
    const colors = colorTable(map);
    const linear = (byte: number) => {
      const share = byte / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    table = Float32Array.from(
      { length: 256 },
      (_, i) =>
        0.2126 * linear(colors[3 * i]!) + 0.7152 * linear(colors[3 * i + 1]!) +
        0.0722 * linear(colors[3 * i + 2]!),
    );
    luminances.set(map, table);
  }
  return table;
}

/** Steps a second that are never held back. */
export const SAFE_SPEED = 3;

/**
 * Whether going from one picture of a panel to the next is a flash.
 *
 * @param before cells of a step
 * @param now the same cells a step later
 * @param scale of both
 */
export function flashes(before: Cells, now: Cells, scale: Scale): boolean {
  if (before.values.length !== now.values.length) return false;
  const table = luminanceTable(scale.map);
  const { from, factor } = lookup(scale);
  const light = ({ values, codes }: Cells, i: number) =>
    codes[i] === SHOWN ? table[colorIndex(plotted(values[i]!, scale), from, factor)]! : 0.2;
  let changed = 0;
  for (let i = 0; i < now.values.length; i++) {
    if (Math.abs(light(now, i) - light(before, i)) > 0.1) changed++;
  }
  return changed > now.values.length / 4;
}
