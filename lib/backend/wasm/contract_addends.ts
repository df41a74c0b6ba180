// What a product adds to its sums on the way to memory instead of looking at the whole output again: a number a column,
// then tensors that lie as the output does.

import type { View } from "../../compile/view.ts";
import { at } from "../../ir/types.ts";
import type { Axis } from "../axes.ts";
import { OUT } from "../contract_axes.ts";
import { type Epilogue, takeOut } from "./contract_scale.ts";

/** Axes of a product's output, in the order in which the kernel walks them: batch, rows, columns. */
export type OutputAxes = readonly [readonly Axis[], readonly Axis[], readonly Axis[]];

/** Residuals the kernel adds at most. */
const RESIDUALS = 2;

/** An epilogue without what is added first. */
export interface AddedEpilogue extends Epilogue {
  /** A number a column, one after the other; null where there is none. */
  readonly bias: View | null;
  /** Added after it, in this order. */
  readonly residuals: readonly View[];
}

function isBias([batches, rows, columns]: OutputAxes): boolean {
  const stride = ({ strides }: Axis) => at(strides, OUT + 1);
  let dense = 1;
  return [...batches, ...rows].every((axis) => stride(axis) === 0) &&
    columns.toReversed().every((axis) => {
      const follows = stride(axis) === dense;
      dense *= axis.size;
      return follows;
    });
}

function isResidual(axes: OutputAxes): boolean {
  return axes.flat().every(({ strides }) => at(strides, OUT + 1) === at(strides, OUT));
}

/**
 * Takes bias and residuals out of an epilogue.
 *
 * @param whole the epilogue
 * @param along the output's axes with the strides of one of its operands behind the product's own
 */
export function splitAddends(whole: Epilogue, along: (view: View) => OutputAxes): AddedEpilogue {
  const take = (from: Epilogue, fits: (axes: OutputAxes) => boolean) =>
    takeOut("add", from, (view) => view.dtype === "f32" && fits(along(view)));
  const biased = take(whole, isBias);
  let rest: Epilogue = biased ?? whole;
  const residuals: View[] = [];
  while (residuals.length < RESIDUALS) {
    const shorter = take(rest, isResidual);
    if (!shorter) break;
    residuals.push(shorter.taken);
    rest = shorter;
  }
  return { bias: biased?.taken ?? null, residuals, epilogue: rest.epilogue, extras: rest.extras };
}
