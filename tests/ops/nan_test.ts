// A number that is not one is never lost on its way through an op, on any device: extremes drop nothing, sums keep it.

import { layerNorm } from "../../lib/ir/fused/layer_norm.ts";
import { attention } from "../../lib/ir/fused/attention.ts";
import { call, contract, max, mul, neg, scatterAdd, sub, sum } from "../../lib/ir/tensor.ts";
import type { Op, Tensor } from "../../lib/ir/node.ts";
import { EXACT, f32, i32, normal, type OpCase, type Operand, sumOf, type Values } from "../op_case.ts";
import { preparedCase } from "../run_case.ts";
import { opSuite } from "./suite.ts";

/** Numbers of which some are not; infinities may be among them. */
function withFaults(at: readonly number[], fault = NaN): Values {
  return (draw, size) => normal(draw, size).map((x, i) => at.includes(i) ? fault : x);
}

function one(name: string, operands: readonly Operand[], build: OpCase["build"]): OpCase {
  return { name, operands, rounding: sumOf(500), build };
}

/** A reduction of rows one of which has a fault at the start, in the middle, at the end. */
function rows(name: string, build: (x: Tensor) => Tensor): OpCase[] {
  return [0, 211, 499].flatMap((at) => [
    one(`${name}, NaN at ${at}`, [f32([3, 500], withFaults([500 + at]))], (x) => build(x!)),
    one(`${name}, infinity at ${at}`, [f32([3, 500], withFaults([500 + at], Infinity))], (x) => build(x!)),
  ]);
}

const PAIR = [f32([2, 9], withFaults([1, 4])), f32([2, 9], withFaults([4, 7]))];

const nanCases: Partial<Readonly<Record<Op, readonly OpCase[]>>> = {
  map: [
    { ...one("larger of two", PAIR, (x, y) => call("max", x!, y!)), rounding: EXACT },
    { ...one("smaller of two", PAIR, (x, y) => call("min", x!, y!)), rounding: EXACT },
    { ...one("larger than a number", PAIR, (x, y) => call("max", sub(x!, y!), 0)), rounding: sumOf(2) },
    { ...one("smaller than a number", PAIR, (x) => call("min", x!, 0)), rounding: EXACT },
  ],
  reduce: [
    ...rows("sum", (x) => sum(x, [1])),
    ...rows("sum of the outer axis", (x) => sum(x, [0])),
    ...rows("largest", (x) => max(x, [1])),
    ...rows("smallest", (x) => neg(max(neg(x), [1]))),
    ...rows("largest of the outer axis", (x) => max(x, [0])),
    ...rows("sum of squares", (x) => sum(mul(x, x), [1])),
  ],
  layerNorm: [
    one(
      "one of two rows",
      [f32([2, 24], withFaults([5])), f32([24]), f32([24])],
      (x, w, b) => layerNorm(x!, w!, b!, 1e-5),
    ),
  ],
  contract: [
    one("one row", [f32([7, 33], withFaults([40])), f32([5, 33])], (x, y) => contract("mk,nk->mn", x!, y!)),
  ],
  scatterAdd: [
    one(
      "one place",
      [f32([7, 3], withFaults([4])), i32([7], () => [0, 1, 2, 0, 1, 2, 0])],
      (x, i) => scatterAdd(x!, i!, 0, 3),
    ),
  ],
  attention: [
    one(
      "one query",
      [f32([5, 8], withFaults([9])), f32([33, 8]), f32([33, 8])],
      (q, k, v) => attention(q!, k!, v!, 0.3),
    ),
  ],
};

opSuite("NaN and infinity pass through every op", "values", function* (op, device) {
  // Devices that bind a kibibyte at once refuse what is large.
  if (device.refuses) return;
  for (const [i, test] of (nanCases[op] ?? []).entries()) {
    yield {
      what: `${op}: ${test.name}`,
      prepared: preparedCase(test, "plain", 700 + i),
      rounding: { ...test.rounding, limit: device.looser * test.rounding.limit },
    };
  }
});
