// Factors of a matrix's rows, as 8-bit numbers have them: products whose epilogue begins with them multiply their sums
// by them on the way to memory instead, which saves a look at the whole output.

import type { ContractAxis, LaunchOf } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { type Expression, operand, operandsOf, partsOf, replaceParts } from "../../ir/scalar.ts";
import { at } from "../../ir/types.ts";
import { group, OUT } from "../contract_axes.ts";
import type { Product } from "./packed.ts";

/** A product's epilogue without what is multiplied first. */
export interface ScaledEpilogue {
  /** A factor for each row of the second operand, in the order of its rows; null where there is none. */
  readonly scale: View | null;
  /** The rest over the sum and `extras`; null where that is nothing. */
  readonly epilogue: Expression | null;
  /** Operands of the rest. */
  readonly extras: readonly View[];
}

/** Whether a view holds one number for each row of the second operand, one after the other. */
function followsRows({ outputs, attributes: { batch, m, n, k } }: LaunchOf<"contract">, view: View): boolean {
  const along = (axes: readonly ContractAxis[]) => group(axes, at(outputs, 0), [view], false);
  const columns = k.reduce((count, { size }) => count * size, 1);
  return view.dtype === "f32" &&
    along([...batch, ...m]).every(({ strides }) => at(strides, OUT + 1) === 0) &&
    along(n).every(({ strides }) => at(strides, OUT + 1) * columns === at(strides, 1));
}

/**
 * Takes the factors of a packed matrix out of the epilogue of a product with it.
 *
 * @param launch whose second operand may be packed
 */
export function splitScale(launch: Product): ScaledEpilogue {
  const { packed, epilogue } = launch.attributes;
  const extras = launch.inputs.slice(2);
  const sum = operand(0);
  const scaled = operand(1 + extras.length);
  for (const part of packed && epilogue ? partsOf(epilogue) : []) {
    const factor = part.args.find((arg) => arg.fn === "operand" && arg !== sum);
    if (part.fn !== "mul" || !part.args.includes(sum) || !factor) continue;
    const scale = at(extras, factor.value - 1);
    const rest = replaceParts(epilogue!, new Map([[part, scaled]]));
    const used = operandsOf(rest).filter((index) => index !== scaled.value);
    // A sum that is also needed without its factor stays as it is.
    if (used.includes(0) || !followsRows(launch, scale)) continue;
    const renumbered = new Map(used.map((index, i) => [operand(index), operand(1 + i)]));
    return {
      scale,
      epilogue: rest === scaled ? null : replaceParts(rest, renumbered.set(scaled, sum)),
      extras: used.map((index) => at(extras, index - 1)),
    };
  }
  return { scale: null, epilogue, extras };
}
