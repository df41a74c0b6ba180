// Products with a matrix that has an adapter: the numbers of the merged matrix, without making it or its gradient.

import assert from "node:assert/strict";
import { grad } from "../../lib/autodiff/grad.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import { mul, sum } from "../../lib/ir/tensor.ts";
import { trace } from "../../lib/ir/trace.ts";
import { sameShape, sizeOf, type Type } from "../../lib/ir/types.ts";
import { linear } from "../../lib/nn/linear.ts";
import { recordParameters } from "../../lib/nn/parameters.ts";
import { adapterShapes, mergeAdapters, withAdapters } from "../../lib/weights/lora.ts";

const LORA = { rank: 2, alpha: 6, adapts: () => true };

/** Numbers without a pattern. */
function numbers(shape: readonly number[], phase: number): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1 + phase + 1.7 * i));
}

Deno.test("linear() with an adapter is linear() with the merged matrix, and so are its gradients", () => {
  for (
    const { spec, x, matrix, out } of [
      { spec: "bsi,oi->bso", x: [3, 4, 5], matrix: [7, 5], out: [3, 4, 7] },
      // Head by head, as attention's results are projected.
      { spec: "bsate,oae->tbso", x: [2, 3, 2, 4, 5], matrix: [7, 2, 5], out: [4, 2, 3, 7] },
    ]
  ) {
    const shapes = new Map([["w", matrix]]);
    const factors = adapterShapes(shapes, LORA);
    const names = ["w", ...factors.keys()];
    const all = new Map([...shapes, ...factors]);
    const shapeOf = new Map<string, readonly number[]>([["x", x], ["g", out], ...all]);
    const types: Record<string, Type> = Object.fromEntries(
      [...shapeOf].map(([name, shape]) => [name, { dtype: "f32", shape }]),
    );
    const graphOf = (merges: boolean) =>
      trace(types, (tensors) => {
        const { x, g } = tensors;
        const adapted = withAdapters(recordParameters(tensors), shapes, LORA);
        const parameters = merges ? (name: string) => adapted(name) : adapted;
        const y = linear(parameters, spec, x!, "w", matrix);
        const loss = sum(mul(y, g!), out.map((_, i) => i));
        const factors = Object.fromEntries(names.slice(1).map((name) => [name, tensors[name]!]));
        return { y, ...grad(loss, { ...factors, x: x! }) };
      });
    const values = new Map(names.map((name, i) => [name, numbers(all.get(name)!, i)]));
    const feeds = { x: numbers(x, 10), g: numbers(out, 20), ...Object.fromEntries(values) };
    const [apart, merged] = [graphOf(false), graphOf(true)];
    const [got, wanted] = [evaluate(apart, feeds), evaluate(merged, feeds)];
    for (const name of ["y", "x", ...factors.keys()]) {
      got[name]!.forEach((value, i) =>
        assert.ok(Math.abs(value - wanted[name]![i]!) < 1e-9, `${spec}: ${name}`)
      );
    }
    const plain = evaluate(
      trace({ x: types.x!, w: types.w! }, ({ x, w }) => ({
        y: linear(recordParameters({ w }), spec, x, "w", matrix),
      })),
      { x: feeds.x, w: mergeAdapters(values, shapes, LORA).get("w")! },
    );
    plain.y!.forEach((value, i) => assert.ok(Math.abs(value - got.y![i]!) < 1e-5, spec));
    const makesMatrix = apart.nodes.some(({ op, shape }) =>
      op === "contract" && sizeOf(shape) === sizeOf(matrix) &&
      sameShape([...shape].sort(), [...matrix].sort())
    );
    assert.equal(makesMatrix, false, "a product as large as the matrix is made");
  }
});
