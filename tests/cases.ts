// The op case table: an op without an entry does not compile. Value, gradient, pass and backend tests read the same
// cases. Odd sizes first: one, primes, sizes that are no multiples of a vector.

import type { Op } from "../lib/ir/node.ts";
import { contractCases } from "./cases/contract_cases.ts";
import { fusedCases } from "./cases/fused_cases.ts";
import { movementCases } from "./cases/movement_cases.ts";
import { mapCases, reduceCases } from "./cases/scalar_cases.ts";
import type { OpCase } from "./op_case.ts";

/** Cases of every op. */
export const cases: { readonly [K in Op]: readonly OpCase[] } = {
  ...movementCases,
  map: mapCases,
  reduce: reduceCases,
  contract: contractCases,
  ...fusedCases,
};

/** Names of all ops. */
export const OPS = Object.keys(cases) as Op[];
