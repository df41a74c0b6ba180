// What products add on the way to memory leaves their epilogue, where it lies as they need it.

import assert from "node:assert/strict";
import { type OutputAxes, splitAddends } from "../../../lib/backend/wasm/contract_addends.ts";
import { type View, wholeView } from "../../../lib/compile/view.ts";
import { apply, type Expression, expressionText, operand } from "../../../lib/ir/scalar.ts";
import { at } from "../../../lib/ir/types.ts";

const OUT: View = wholeView(0, "f32", [6, 8]);
const BIAS: View = { ...wholeView(1, "f32", [8]), shape: [6, 8], strides: [0, 1] };
const ROWS: View = { ...wholeView(2, "f32", [6]), shape: [6, 8], strides: [1, 0] };
const RESIDUAL: View = wholeView(3, "f32", [6, 8]);
const TURNED: View = { ...wholeView(4, "f32", [8, 6]), shape: [6, 8], strides: [1, 6] };
const [sum, first, second, third, fourth] = [0, 1, 2, 3, 4].map(operand) as [
  Expression,
  Expression,
  Expression,
  Expression,
  Expression,
];

function add(...terms: readonly Expression[]): Expression {
  return terms.reduce((total, term) => apply("add", total, term));
}

function along(view: View): OutputAxes {
  const axis = (i: number) => ({
    size: at(OUT.shape, i),
    strides: [0, 0, at(OUT.strides, i), at(view.strides, i)],
  });
  return [[], [axis(0)], [axis(1)]];
}

/** Slots of bias and residuals, what is left, slots of its operands. */
function split(epilogue: Expression, ...extras: readonly View[]) {
  const { bias, residuals, epilogue: rest, extras: others } = splitAddends({ epilogue, extras }, along);
  const slot = ({ slot }: View) => slot;
  return [bias && slot(bias), residuals.map(slot), rest && expressionText(rest), others.map(slot)];
}

Deno.test("a bias and up to two residuals leave the epilogue in the order they are added in", () => {
  assert.deepEqual(split(add(sum, first), BIAS), [1, [], null, []]);
  assert.deepEqual(split(add(sum, first), RESIDUAL), [null, [3], null, []]);
  assert.deepEqual(split(add(second, add(first, sum)), BIAS, RESIDUAL), [1, [3], null, []]);
  assert.deepEqual(
    split(add(sum, first, second, third, fourth), BIAS, RESIDUAL, RESIDUAL, RESIDUAL),
    [1, [3, 3], "add(x0, x1)", [3]],
  );
  assert.deepEqual(
    split(apply("mul", add(sum, first), second), BIAS, ROWS),
    [1, [], "mul(x0, x1)", [2]],
  );
});

Deno.test("epilogues that begin otherwise stay as they are", () => {
  assert.deepEqual(split(add(sum, first), ROWS), [null, [], "add(x0, x1)", [2]]);
  assert.deepEqual(split(add(sum, first), TURNED), [null, [], "add(x0, x1)", [4]]);
  assert.deepEqual(split(add(sum, first), { ...BIAS, dtype: "f16" }), [null, [], "add(x0, x1)", [1]]);
  assert.deepEqual(split(apply("mul", add(sum, first), sum), BIAS), [
    null,
    [],
    expressionText(apply("mul", add(sum, first), sum)),
    [1],
  ]);
  // A residual that comes before the bias would be added in another order.
  assert.deepEqual(split(add(sum, first, second), RESIDUAL, BIAS), [null, [3], "add(x0, x1)", [1]]);
});
