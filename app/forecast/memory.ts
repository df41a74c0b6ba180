// Whether a forecast fits, decided before weights are read.

import type { MemoryNeed } from "../../lib/forecast/rollout.ts";

/** Largest memory of a 32-bit WebAssembly module. */
export const WASM_LIMIT = 2 ** 32;

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
export function admit({ weights, working }: MemoryNeed, available: number, most: number): void {
  const need = weights + working;
  const limit = Math.min(available, most);
  if (need <= limit) return;
  const whose = limit === most ? "a WebAssembly module can hold" : "this machine has free";
  throw new RangeError(
    `The forecast needs ${bytes(need)} (weights ${bytes(weights)}, intermediate results ${
      bytes(working)
    }), ${whose} ${bytes(limit)}; use a smaller checkpoint, a coarser grid or fewer input frames`,
  );
}
