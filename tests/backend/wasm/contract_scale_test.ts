// Factors of a matrix's rows leave the epilogues of products with it, where they are nothing else.

import assert from "node:assert/strict";
import { splitScale } from "../../../lib/backend/wasm/contract_scale.ts";
import { packLaunches, type Product } from "../../../lib/backend/wasm/packed.ts";
import { plan } from "../../../lib/compile/pipeline.ts";
import type { LaunchOf } from "../../../lib/compile/program.ts";
import type { Tensor } from "../../../lib/ir/node.ts";
import { expressionText } from "../../../lib/ir/scalar.ts";
import { add, contract, mul } from "../../../lib/ir/tensor.ts";
import { type Tensors, trace } from "../../../lib/ir/trace.ts";
import { at } from "../../../lib/ir/types.ts";

const DEVICE = { kernels: new Set(["contract", "map"] as const) };
const TYPES = {
  x: { dtype: "f32", shape: [6, 16] },
  w: { dtype: "i8", shape: [8, 16] },
  factors: { dtype: "f32", shape: [8] },
  bias: { dtype: "f32", shape: [8] },
  rows: { dtype: "f32", shape: [6, 1] },
} as const;

type Inputs = Tensors<typeof TYPES>;

/** What is left of the epilogue, and the names of what it reads. */
function split(build: (inputs: Inputs, product: Tensor) => Tensor, packed = true) {
  const graph = trace(TYPES, (inputs) => ({ y: build(inputs, contract("mk,nk->mn", inputs.x, inputs.w)) }));
  const { program } = plan(graph, DEVICE).main;
  const { slots } = program;
  const matrix = slots.findIndex(({ name }) => name === "w");
  const { launches } = packLaunches(program, new Map(packed ? [[matrix, 16]] : []));
  const launch = launches.find((each): each is LaunchOf<"contract"> & Product => each.kernel === "contract");
  const { scale, epilogue, extras } = splitScale(launch!);
  const name = ({ slot }: { readonly slot: number }) => at(slots, slot).name;
  return [scale && name(scale), epilogue && expressionText(epilogue), extras.map(name)];
}

Deno.test("factors of the rows of a packed matrix leave the epilogue", () => {
  assert.deepEqual(split(({ factors }, y) => mul(y, factors)), ["factors", null, []]);
  assert.deepEqual(split(({ factors }, y) => mul(factors, y)), ["factors", null, []]);
  assert.deepEqual(
    split(({ factors, bias, rows }, y) => mul(add(mul(y, factors), bias), rows)),
    ["factors", "mul(add(x0, x1), x2)", ["bias", "rows"]],
  );
});

Deno.test("factors that are needed again stay an operand", () => {
  assert.deepEqual(
    split(({ factors }, y) => add(mul(y, factors), factors)),
    ["factors", "add(x0, x1)", ["factors"]],
  );
});

Deno.test("epilogues without such factors stay as they are", () => {
  const whole = (build: Parameters<typeof split>[0], packed?: boolean) => split(build, packed)[0];
  assert.equal(whole(({ factors }, y) => mul(y, factors), false), null);
  assert.equal(whole(({ rows }, y) => mul(y, rows)), null);
  assert.equal(whole(({ factors }, y) => add(mul(y, factors), y)), null);
  assert.equal(whole(({ bias }, y) => add(y, bias)), null);
  assert.equal(whole((_, y) => mul(y, 2)), null);
  assert.equal(whole((_, y) => y), null);
});
