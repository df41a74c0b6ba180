// Explains this machine: runtime, WebAssembly features, memory, threads, the speed of one product and the accuracy
// of every kernel against the f64 evaluation.

import process from "node:process";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { compile } from "../../lib/compile/compile.ts";
import type { Device } from "../../lib/compile/program.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import { attention } from "../../lib/ir/fused/attention.ts";
import { layerNorm } from "../../lib/ir/fused/layer_norm.ts";
import { rope } from "../../lib/ir/fused/rope.ts";
import type { Tensor } from "../../lib/ir/node.ts";
import * as t from "../../lib/ir/tensor.ts";
import { trace } from "../../lib/ir/trace.ts";
import type { Shape } from "../../lib/ir/types.ts";

/** A kernel's self-check: inputs by shape, what is computed, largest relative error. */
interface SelfCheck {
  readonly kernel: string;
  readonly shapes: readonly Shape[];
  readonly build: (x: readonly Tensor[]) => Tensor;
  readonly tolerance: number;
}

const CHECKS: readonly SelfCheck[] = [
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
];

/** Numbers between -1 and 1 that every run repeats. */
function numbers(shape: Shape, seed: number): Float32Array {
  const size = shape.reduce((n, s) => n * s, 1);
  return Float32Array.from({ length: size }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));
}

/** Largest error of a kernel, relative to the largest value. */
async function selfCheck(device: Device, { shapes, build }: SelfCheck): Promise<number> {
  const types = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { dtype: "f32" as const, shape }]));
  const graph = trace(types, (x) => ({ y: build(Object.values(x)) }));
  const feeds = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, numbers(shape, i + 1)]));
  using compiled = await compile(device, graph);
  const got = (await compiled.run(feeds)).y!;
  const wanted = evaluate(graph, feeds).y!;
  const scale = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return wanted.reduce((m, v, i) => Math.max(m, Math.abs(v - got[i]!)), 0) / scale;
}

/** Speed of a 256 x 1408 x 1408 product in GFLOP/s, best of a few. */
async function productSpeed(device: Device): Promise<number> {
  const graph = trace(
    {
      x: { dtype: "f32", shape: [256, 1408] },
      w: { dtype: "f32", shape: [1408, 1408] },
    } as const,
    ({ x, w }) => ({ y: t.contract("mk,nk->mn", x, w) }),
  );
  using compiled = await compile(device, graph);
  const feeds = { x: numbers([256, 1408], 1), w: numbers([1408, 1408], 2) };
  await compiled.run(feeds);
  let best = Infinity;
  for (let i = 0; i < 5; i++) {
    await compiled.run({});
    best = Math.min(best, compiled.report.milliseconds);
  }
  return (2 * 256 * 1408 * 1408) / best / 1e6;
}

function row(name: string, value: string): void {
  console.log(`${name.padEnd(22)} ${value}`);
}

const yes = (value: boolean) => value ? "yes" : "no";

async function main(): Promise<number> {
  row(
    "runtime",
    `Deno ${process.versions.deno}, V8 ${process.versions.v8}, ${Deno.build.os} ${Deno.build.arch}`,
  );
  row("logical processors", String(navigator.hardwareConcurrency));
  const { total, available } = Deno.systemMemoryInfo();
  row("memory", `${(available / 2 ** 30).toFixed(1)} GiB free of ${(total / 2 ** 30).toFixed(1)} GiB`);
  row("shared memory", `${yes(typeof SharedArrayBuffer === "function")} (threads need it)`);
  let memory64 = false;
  try {
    new WebAssembly.Memory(
      { initial: 1n, maximum: 1n, address: "i64" } as unknown as WebAssembly.MemoryDescriptor,
    );
    memory64 = true;
  } catch { /* An engine without 64-bit memories refuses the descriptor. */ }
  row("64-bit memory", yes(memory64));
  row("WebGPU", "gpu" in navigator ? "the runtime has it; this version computes on the CPU" : "no");

  using one = await wasm({ threads: 1 });
  using all = await wasm();
  row("threads used", String(all.threads));
  row(
    "256x1408x1408 product",
    `${(await productSpeed(one)).toFixed(1)} GFLOP/s on one thread, ${
      (await productSpeed(all)).toFixed(1)
    } on ${all.threads}`,
  );
  let wrong = 0;
  for (const item of CHECKS) {
    const error = await selfCheck(all, item);
    const right = error <= item.tolerance;
    if (!right) wrong++;
    row(
      `kernel ${item.kernel}`,
      `${right ? "right" : "WRONG"}, error ${error.toExponential(1)} of at most ${item.tolerance}`,
    );
  }
  console.log(
    wrong === 0 ? "all kernels are right on this machine" : `${wrong} kernels are wrong on this machine`,
  );
  return wrong === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
