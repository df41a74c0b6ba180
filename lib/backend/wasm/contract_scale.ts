// Factors of a matrix's rows, as 8-bit numbers have them: products whose epilogue begins with them multiply their sums
// by them on the way to memory instead, which saves a look at the whole output.

import type { ContractAxis, LaunchOf } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { type Expression, operand, operandsOf, partsOf, replaceParts } from "../../ir/scalar.ts";
import { at } from "../../ir/types.ts";
import { group, OUT } from "../contract_axes.ts";
import type { Product } from "./packed.ts";

/** A product's epilogue. */
export interface Epilogue {
  /** Over the sum and `extras`; null where that is nothing. */
  readonly epilogue: Expression | null;
  readonly extras: readonly View[];
}

/** A product's epilogue without what is multiplied first. */
export interface ScaledEpilogue extends Epilogue {
  /** A factor for each row of the second operand, in the order of its rows; null where there is none. */
  readonly scale: View | null;
}

/** An epilogue without what its sum meets first. */
export interface Shortened extends Epilogue {
  readonly taken: View;
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
 * Takes out of an epilogue an operand that its sum meets before all else, and is needed for nothing else.
 *
 * @param fn how they meet
 * @param whole the epilogue
 * @param fits which operands may be taken
 * @returns the rest, or null where there is no such operand
 */
export function takeOut(
  fn: "mul" | "add",
  { epilogue, extras }: Epilogue,
  fits: (view: View) => boolean,
): Shortened | null {
  const sum = operand(0);
  const done = operand(1 + extras.length);
  for (const part of epilogue ? partsOf(epilogue) : []) {
    const other = part.args.find((arg) => arg.fn === "operand" && arg !== sum);
    if (part.fn !== fn || !part.args.includes(sum) || !other) continue;
    const taken = at(extras, other.value - 1);
    const rest = replaceParts(epilogue!, new Map([[part, done]]));
    const used = operandsOf(rest).filter((index) => index !== done.value);
    // A sum that is also needed as it is stays so.
    if (used.includes(0) || !fits(taken)) continue;
    const renumbered = new Map(used.map((index, i) => [operand(index), operand(1 + i)]));
    return {
      taken,
      epilogue: rest === done ? null : replaceParts(rest, renumbered.set(done, sum)),
      extras: used.map((index) => at(extras, index - 1)),
    };
  }
  return null;
}

/**
 * Takes the factors of a packed matrix out of the epilogue of a product with it.
 *
 * @param launch whose second operand may be packed
 */
export function splitScale(launch: Product): ScaledEpilogue {
  const { packed, epilogue } = launch.attributes;
  const whole = { epilogue, extras: launch.inputs.slice(2) };
  const scaled = packed ? takeOut("mul", whole, (view) => followsRows(launch, view)) : null;
  const { taken: scale, ...rest } = scaled ?? { ...whole, taken: null };
  return { scale, ...rest };
}
