// Parameters by name: what is asked for becomes an input, storage is hidden from whoever asks, wrappers compose.

import assert from "node:assert/strict";
import { evaluate } from "../../lib/ir/evaluate.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import { add, contract, input } from "../../lib/ir/tensor.ts";
import { namedScope, trace } from "../../lib/ir/trace.ts";
import type { DType } from "../../lib/ir/types.ts";
import { linear } from "../../lib/nn/linear.ts";
import { inputParameters, type Parameters, recordParameters } from "../../lib/nn/parameters.ts";

const SHAPES = new Map([["w", { shape: [2, 3] }], ["b", { shape: [2] }], ["idle", { shape: [9] }]]);
const SIGNATURE = { x: { dtype: "f32", shape: [1, 3] } } as const;
const FEEDS = {
  x: [1, 2, 3],
  "params/w": [1, 1, 1, 0, 0, 2],
  "params/b": [1, 0],
  "params/w.scale": [0.5, 10],
};

/** x W^T + b, parameters stored as `dtypeOf` says and wrapped. */
function affine(dtypeOf: (name: string) => DType, wrap = (parameters: Parameters) => parameters) {
  return trace(SIGNATURE, ({ x }) => {
    const parameters = wrap(inputParameters(SHAPES, dtypeOf));
    const y = namedScope(
      "layer",
      () => add(linear(parameters, "bi,oi->bo", x, "w", [2, 3]), parameters("b")),
    );
    return { y };
  });
}

const small = (name: string): DType => name === "w" ? "i8" : "f32";

Deno.test("inputParameters() makes inputs of what is asked for, outside of all scopes", () => {
  const plain = affine(() => "f32");
  assert.deepEqual([...plain.inputs.keys()], ["x", "params/w", "params/b"]);
  assert.ok([...plain.inputs.values()].every(({ scope }) => scope === ""));
  assert.deepEqual([...evaluate(plain, FEEDS).y!], [7, 6]);
  const graph = affine(small);
  assert.deepEqual([...graph.inputs.keys()].sort(), ["params/b", "params/w", "params/w.scale", "x"]);
  assert.equal(graph.inputs.get("params/w")!.dtype, "i8");
  assert.deepEqual([...evaluate(graph, FEEDS).y!], [4, 60]);
});

Deno.test("a parameter of 8-bit numbers that is asked for plainly is the scaled matrix", () => {
  const graph = trace(SIGNATURE, ({ x }) => {
    const w = inputParameters(SHAPES, small)("w");
    return { w, y: contract("bi,oi->bo", x, w) };
  });
  const { w, y } = evaluate(graph, FEEDS);
  assert.deepEqual([...w!], [0.5, 0.5, 0.5, 0, 0, 20]);
  assert.deepEqual([...y!], [3, 60]);
});

Deno.test("a wrapper adds an adapter around any storage", () => {
  const adapted = (inner: Parameters): Parameters => (name: string): Tensor => {
    if (name !== "w") return inner(name);
    const factor = (part: string, shape: number[]) => input(`params/w.${part}`, { dtype: "f32", shape });
    return add(inner(name), contract("or,ri->oi", factor("up", [2, 1]), factor("down", [1, 3])));
  };
  const feeds = { ...FEEDS, "params/w.up": [1, 0], "params/w.down": [0, 0, 1] };
  assert.deepEqual([...evaluate(affine(() => "f32", adapted), feeds).y!], [10, 6]);
  assert.deepEqual([...evaluate(affine(small, adapted), feeds).y!], [7, 60]);
});

Deno.test("recordParameters() finds scales beside a matrix and names what is missing", () => {
  const signature = {
    ...SIGNATURE,
    w: { dtype: "i8", shape: [2, 3] },
    scale: { dtype: "f32", shape: [2] },
  } as const;
  const graph = trace(signature, ({ x, w, scale }) => {
    const parameters = recordParameters({ w, "w.scale": scale });
    assert.equal(parameters.quantized!("w")!.matrix, w);
    assert.throws(() => parameters("b"), /Parameter "b" is missing/);
    assert.throws(() => inputParameters(SHAPES)("c"), /Parameter "c" is missing/);
    return { y: linear(parameters, "bi,oi->bo", x, "w", [2, 3]) };
  });
  const feeds = { x: FEEDS.x, w: FEEDS["params/w"], scale: FEEDS["params/w.scale"] };
  assert.deepEqual([...evaluate(graph, feeds).y!], [3, 60]);
});
