// What holds at the sides of PDEBench's domains. Its files do not say; names of files of compressible flow do (`periodic`,
// `trans` for transmissive).

import { boundaryNamed, type BoundaryNames } from "../../boundaries.ts";
import type { Boundary } from "../../dataset.ts";

/** The name under which a user says what sides are that neither a file nor its name tells of. */
export const UNSTATED = "unstated";

/**
 * Sides of a file of compressible flow or of one dimension.
 *
 * @param name of the file
 * @param others `unstated` says what is taken where the name tells nothing; periodic unless given
 * @param warnings gets a line where that was taken for granted
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const warnings: string[] = [];
 * assert.equal(sideOfName("2D_CFD_Rand_M0.1_Eta0.01_Zeta0.01_periodic_128_Train.hdf5", {}, warnings), "periodic");
 * assert.equal(sideOfName("1D_CFD_Shock_Eta1.e-8_Zeta1.e-8_trans_Train.hdf5", {}, warnings), "open");
 * assert.equal(sideOfName("flow.hdf5", { unstated: "wall" }, warnings), "wall");
 * assert.deepEqual(warnings, []);
 * ```
 */
export function sideOfName(name: string, others: BoundaryNames, warnings: string[]): Boundary {
  if (/periodic/i.test(name)) return "periodic";
  if (/trans/i.test(name)) return "open";
  const given = boundaryNamed(UNSTATED, others);
  if (given) return given;
  warnings.push(
    `"${name}": neither the file nor its name ("periodic", "trans") says what holds at the sides, taken as periodic; ` +
      `--boundary ${UNSTATED}=open or ${UNSTATED}=wall says otherwise`,
  );
  return "periodic";
}
