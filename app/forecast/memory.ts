// Whether a forecast fits, decided before weights are read.

import { WIDE_BYTES } from "walrus/devices";
import type { MemoryEstimate } from "walrus";

/** Bytes in a unit people read. */
export function bytes(count: number): string {
  return count >= 1e9 ? `${(count / 1e9).toFixed(2)} GB` : `${(count / 1e6).toFixed(1)} MB`;
}

/**
 * Refuses a forecast that does not fit.
 *
 * @param need bytes of weights and of intermediate results
 * @param available bytes the machine has free
 * @param most bytes one device can hold, whatever is free
 * @throws RangeError naming what is needed, what there is and what would help
 */
export function admit({ weights, working }: MemoryEstimate, available: number, most: number): void {
  const need = weights + working;
  const limit = Math.min(available, most);
  if (need <= limit) return;
  const whose = limit === most ? "--memory allows" : "this machine has free";
  const wider = limit === most && most < WIDE_BYTES ? "--memory 8 or 16, " : "";
  throw new RangeError(
    `The forecast needs ${bytes(need)} (weights ${bytes(weights)}, intermediate results ${
      bytes(working)
    }), ${whose} ${
      bytes(limit)
    }; use ${wider}--weights int8, a smaller checkpoint, a coarser grid or fewer input frames`,
  );
}
