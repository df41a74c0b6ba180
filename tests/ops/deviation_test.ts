// The statistics a window is normalised with, of a field far from zero at full size: on every backend about as near to
// the truth as two passes in single precision with pairwise sums, which is what other software gives.

import assert from "node:assert/strict";
import { compile } from "../../lib/compile/compile.ts";
import { trace } from "../../lib/ir/trace.ts";
import { windowStatistics } from "../../lib/models/walrus/normalize.ts";
import { deviceTest, WASM, WEBGPU } from "../devices.ts";

const SHAPE = [6, 1, 512, 512, 1, 1];
const N = 6 * 512 * 512;
const OFFSET = 101325;

/** Waves of 1 on an offset. */
const X = Float32Array.from({ length: N }, (_, i) => OFFSET + Math.sin(0.37 * i) * Math.cos(0.0011 * i));

/** Pairwise sum of `of(i)` in f32, as NumPy and PyTorch take it. */
function pairwise(of: (i: number) => number, from: number, to: number): number {
  if (to - from <= 8) {
    let sum = 0;
    for (let i = from; i < to; i++) sum = Math.fround(sum + of(i));
    return sum;
  }
  const half = from + ((to - from) >> 1);
  return Math.fround(pairwise(of, from, half) + pairwise(of, half, to));
}

/** Mean and unbiased deviation in two passes, each operation rounded by `round`. */
function twoPasses(round: (x: number) => number, sum: (of: (i: number) => number) => number) {
  const mean = round(sum((i) => X[i]!) / N);
  const squares = sum((i) => {
    const d = round(X[i]! - mean);
    return round(d * d);
  });
  return { mean, std: round(Math.sqrt(round(squares / (N - 1)))) };
}

const exactSum = (of: (i: number) => number) => {
  let [sum, rest] = [0, 0];
  for (let i = 0; i < N; i++) {
    const term = of(i) + rest;
    const next = sum + term;
    rest = term - (next - sum);
    sum = next;
  }
  return sum;
};

const EXACT = twoPasses((x) => x, exactSum);
const SINGLE = twoPasses(Math.fround, (of) => pairwise(of, 0, N));

/** Half the distance from a number to the next one in f32: what any result may be off by. */
function halfUnit(x: number): number {
  return 2 ** (Math.floor(Math.log2(Math.abs(x))) - 24);
}

for (const device of [WASM, WEBGPU]) {
  deviceTest(device, "mean and deviation of a large field far from zero", async (opened) => {
    const graph = trace({ x: { dtype: "f32", shape: SHAPE } }, ({ x }) => {
      const { mean, std } = windowStatistics(x!, "meanstd", 1e-7);
      return { mean, std };
    });
    using compiled = await compile(graph, opened);
    const { mean, std } = await compiled.run({ x: X });
    for (const [name, got] of [["mean", mean![0]!], ["std", std![0]!]] as const) {
      const usual = Math.max(Math.abs(SINGLE[name] - EXACT[name]), halfUnit(EXACT[name]));
      const error = Math.abs(got - EXACT[name]);
      assert.ok(
        error <= 8 * usual,
        `${name} is ${got}, wanted ${EXACT[name]}: off by ${error}, usual ${usual}`,
      );
    }
  });
}
