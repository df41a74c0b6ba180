// The optimiser against its formula in double precision, and clipping by the total norm.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { compile } from "../../lib/compile/compile.ts";
import { evaluate } from "../../lib/ir/evaluate.ts";
import { mul } from "../../lib/ir/tensor.ts";
import { trace } from "../../lib/ir/trace.ts";
import { adamw, adamwRates, ratesType, RELEASED_ADAMW } from "../../lib/train/adamw.ts";
import { clipFactor, totalNorm } from "../../lib/train/clip.ts";
import { largestDifference } from "../tensors.ts";
import { normals } from "./tiny.ts";

const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });

/** One tensor by hand. */
class ByHand {
  readonly weight: Float64Array;
  readonly mean: Float64Array;
  readonly square: Float64Array;
  #count = 0;

  constructor(weight: ArrayLike<number>) {
    this.weight = Float64Array.from(weight);
    this.mean = new Float64Array(weight.length);
    this.square = new Float64Array(weight.length);
  }

  step(gradient: ArrayLike<number>, rate: number): void {
    this.#count++;
    for (let i = 0; i < this.weight.length; i++) {
      const g = gradient[i]!;
      this.mean[i] = 0.9 * this.mean[i]! + 0.1 * g;
      this.square[i] = 0.999 * this.square[i]! + 0.001 * g * g;
      const root = Math.sqrt(this.square[i]!) / Math.sqrt(1 - 0.999 ** this.#count) + 1e-10;
      this.weight[i] = this.weight[i]! * (1 - rate * 1e-4) -
        rate / (1 - 0.9 ** this.#count) * this.mean[i]! / root;
    }
  }
}

Deno.test("adamw() equals the formula by hand over ten steps, in f64 and on WASM", async () => {
  const signature = {
    a: f32(3, 5),
    am: f32(3, 5),
    av: f32(3, 5),
    b: f32(4),
    bm: f32(4),
    bv: f32(4),
    ga: f32(3, 5),
    gb: f32(4),
    rates: ratesType(2),
  };
  const graph = trace(signature, ({ a, am, av, b, bm, bv, ga, gb, rates }) => {
    const first = adamw({ weight: a, mean: am, square: av }, ga, rates, 0);
    const second = adamw({ weight: b, mean: bm, square: bv }, gb, rates, 1);
    return {
      a: first.weight,
      am: first.mean,
      av: first.square,
      b: second.weight,
      bm: second.mean,
      bv: second.square,
    };
  });
  const [a, b] = [new ByHand(normals(15, 1)), new ByHand(normals(4, 2))];
  const start = { a: a.weight, am: a.mean, av: a.square, b: b.weight, bm: b.mean, bv: b.square };
  let exact: Record<string, ArrayLike<number>> = Object.fromEntries(
    Object.entries(start).map(([name, values]) => [name, values.slice()]),
  );
  using device = await wasm({ threads: 1 });
  using compiled = await compile(graph, device);
  let single: Record<string, Float32Array> = Object.fromEntries(
    Object.entries(start).map(([name, values]) => [name, Float32Array.from(values)]),
  );
  for (let step = 1; step <= 10; step++) {
    const rate = 1e-3 * step;
    const [ga, gb] = [normals(15, 10 + step), normals(4, 50 + step)];
    a.step(ga, rate);
    // The second tensor starts three steps later, so it counts less.
    const started = step > 3;
    if (started) b.step(gb, rate);
    const rates = adamwRates(rate, [step, started ? step - 3 : 1], RELEASED_ADAMW);
    const feeds = { ga, gb, rates };
    const next = evaluate(graph, { ...exact, ...feeds });
    const nextSingle = await compiled.run({ ...single, ...feeds }) as Record<string, Float32Array>;
    const names = started ? Object.keys(start) : ["a", "am", "av"];
    exact = { ...exact, ...Object.fromEntries(names.map((name) => [name, next[name]!])) };
    single = { ...single, ...Object.fromEntries(names.map((name) => [name, nextSingle[name]!])) };
  }
  const wanted = { a: a.weight, am: a.mean, av: a.square, b: b.weight, bm: b.mean, bv: b.square };
  for (const [name, values] of Object.entries(wanted)) {
    const scale = Math.max(...values.map(Math.abs));
    // The rates are f32 numbers, so even the f64 evaluation is good to their rounding only.
    assert.ok(largestDifference(exact[name]!, values) < 2e-7 * scale, name);
    assert.ok(largestDifference(single[name]!, values) < 2e-6 * scale, name);
  }
});

Deno.test("clipFactor() scales gradients beyond the limit to it and leaves others", () => {
  for (const limit of [10, 1, Infinity]) {
    const graph = trace({ x: f32(2, 2), y: f32(3) } as const, ({ x, y }) => {
      const norm = totalNorm([x, y]);
      const factor = clipFactor(norm, limit);
      return { norm, clipped: factor ? mul(x, factor) : x };
    });
    const results = evaluate(graph, { x: [1, -2, 0, 2], y: [0, 4, 0] });
    assert.equal(results.norm![0], 5);
    const wanted = limit === 1 ? 1 / (5 + 1e-6) : 1;
    assert.deepEqual([...results.clipped!], [1, -2, 0, 2].map((v) => v * wanted));
  }
});
