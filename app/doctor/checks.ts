// Every kernel of a device against the f64 evaluation, on the user's own machine.

import { compile } from "../../lib/compile/compile.ts";
import type { Device } from "../../lib/compile/device.ts";
import { grad } from "../../lib/autodiff/grad.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import { attention } from "../../lib/ir/fused/attention.ts";
import { layerNorm } from "../../lib/ir/fused/layer_norm.ts";
import { rope } from "../../lib/ir/fused/rope.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import * as t from "../../lib/ir/tensor.ts";
import { trace } from "../../lib/ir/trace.ts";
import type { Shape } from "../../lib/ir/types.ts";

/** A kernel's self-check: inputs by shape, what is computed, largest relative error. */
export interface SelfCheck {
  readonly kernel: string;
  readonly shapes: readonly Shape[];
  readonly build: (x: readonly Tensor[]) => Tensor;
  readonly tolerance: number;
}

/** One check a kernel. */
export const CHECKS: readonly SelfCheck[] = [
  {
    kernel: "map",
    shapes: [[7, 33], [33, 7]],
    tolerance: 2e-6,
    build: ([x, y]) => t.add(t.sigmoid(x!), t.exp(t.permute(y!, [1, 0]))),
  },
  { kernel: "reduce", shapes: [[5, 67, 3]], tolerance: 2e-6, build: ([x]) => t.sum(t.mul(x!, x!), [1]) },
  {
    kernel: "contract",
    shapes: [[65, 97], [33, 97]],
    tolerance: 2e-6,
    build: ([x, y]) => t.contract("mk,nk->mn", x!, y!),
  },
  {
    kernel: "gather",
    shapes: [[9, 5]],
    tolerance: 0,
    build: ([x]) => t.gather(x!, t.constant(Int32Array.of(8, 0, 3, 3), [4], "i32"), 0),
  },
  {
    kernel: "scatterAdd",
    shapes: [[4, 5]],
    tolerance: 2e-7,
    build: ([x]) => t.scatterAdd(x!, t.constant(Int32Array.of(2, 0, 2, 5), [4], "i32"), 0, 6),
  },
  { kernel: "fold", shapes: [[6, 5, 3]], tolerance: 2e-7, build: ([x]) => t.fold(x!, 0, 2, 15) },
  { kernel: "cast", shapes: [[65]], tolerance: 5e-4, build: ([x]) => t.cast(t.cast(x!, "f16"), "f32") },
  {
    kernel: "layerNorm",
    shapes: [[9, 88], [88], [88]],
    tolerance: 5e-6,
    build: ([x, w, b]) => layerNorm(x!, w!, b!, 1e-5),
  },
  {
    kernel: "rope",
    shapes: [[7, 24], [7, 9], [7, 9]],
    tolerance: 2e-6,
    build: ([x, c, s]) => rope(x!, c!, s!),
  },
  {
    kernel: "attention",
    shapes: [[2, 33, 24], [2, 65, 24], [2, 65, 24]],
    tolerance: 1e-5,
    build: ([q, k, v]) => attention(q!, k!, v!, 0.2),
  },
  {
    kernel: "attentionGradient",
    shapes: [[2, 33, 24], [2, 65, 24], [2, 65, 24]],
    tolerance: 2e-5,
    build: ([q, k, v]) => {
      const y = attention(q!, k!, v!, 0.2);
      return grad(t.sum(t.mul(y, y), [0, 1, 2]), { k: k! }).k!;
    },
  },
];

/** Numbers between -1 and 1 that every run repeats. */
export function numbers(shape: Shape, seed: number): Float32Array {
  const size = shape.reduce((n, s) => n * s, 1);
  return Float32Array.from({ length: size }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));
}

/** Largest error of a kernel, relative to the largest value. */
export async function selfCheck(device: Device, { shapes, build }: SelfCheck): Promise<number> {
  const types = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { dtype: "f32" as const, shape }]));
  const graph = trace(types, (x) => ({ y: build(Object.values(x)) }));
  const feeds = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, numbers(shape, i + 1)]));
  using compiled = await compile(graph, device);
  const got = (await compiled.run(feeds)).y!;
  const wanted = evaluate(graph, feeds).y!;
  const scale = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return wanted.reduce((m, v, i) => Math.max(m, Math.abs(v - got[i]!)), 0) / scale;
}
