// Long sums of a small output have the same bits on any number of threads, which share the sums' parts.

import assert from "node:assert/strict";
import { wasm } from "../../../lib/backend/wasm/device.ts";
import type { ContractAxis } from "../../../lib/compile/program.ts";
import { wholeView } from "../../../lib/compile/view.ts";
import { apply, number, operand } from "../../../lib/ir/scalar.ts";
import { launchOf } from "../random_launches.ts";
import { runLaunches } from "../run_launch.ts";

const axis = (size: number, a: number, b: number, out: number): ContractAxis => ({ size, a, b, out });

function numbers(length: number, seed: number) {
  return {
    dtype: "f32" as const,
    data: Float32Array.from({ length }, (_, i) => Math.sin(seed + i * 12.9898) * 3),
  };
}

/** A gradient of a weight, by `out` strides. */
function gradient(m: number, n: number, k: number, [row, column]: readonly [number, number]) {
  const [sum, bias] = [operand(0), operand(1)];
  const out = wholeView(2, "f32", row > column ? [m, n] : [n, m]);
  const spread = { ...wholeView(3, "f32", [n]), shape: out.shape, strides: row > column ? [0, 1] : [1, 0] };
  return {
    launch: launchOf("contract", [wholeView(0, "f32", [k, m]), wholeView(1, "f32", [k, n]), spread], [out], {
      batch: [],
      m: [axis(m, 1, 0, row)],
      n: [axis(n, 0, 1, column)],
      k: [axis(k, m, n, 0)],
      epilogue: apply("mul", apply("add", sum, bias), number(0.5)),
    }),
    contents: [numbers(k * m, 1), numbers(k * n, 2), numbers(m * n, 3), numbers(n, 4)],
  };
}

Deno.test("long sums of a small output have the same bits on 1, 2 and 5 threads", async () => {
  using one = await wasm({ threads: 1 });
  using two = await wasm({ threads: 2 });
  using five = await wasm({ threads: 5 });
  for (const [m, n, k] of [[96, 96, 3072], [13, 21, 1409], [300, 24, 2000]] as const) {
    for (const strides of [[n, 1], [1, m]] as const) {
      const { launch, contents } = gradient(m, n, k, strides);
      const [want, ...others] = await Promise.all(
        [one, two, five].map((device) => runLaunches(device, [launch], contents)),
      );
      for (const got of others) assert.deepEqual(got[2], want![2]);
    }
  }
});

Deno.test("products of every training shape have the same bits on 1, 2 and 5 threads", async () => {
  using one = await wasm({ threads: 1 });
  using two = await wasm({ threads: 2 });
  using five = await wasm({ threads: 5 });
  for (const [m, n, k] of [[3072, 672, 96], [3072, 96, 672], [3072, 24, 448], [1000, 256, 24]] as const) {
    const launch = launchOf("contract", [wholeView(0, "f32", [m, k]), wholeView(1, "f32", [n, k])], [
      wholeView(2, "f32", [m, n]),
    ], {
      batch: [],
      m: [axis(m, k, 0, n)],
      n: [axis(n, 0, k, 1)],
      k: [axis(k, 1, 1, 0)],
      epilogue: null,
    });
    const contents = [numbers(m * k, 5), numbers(n * k, 6), numbers(m * n, 7)];
    const [want, ...others] = await Promise.all(
      [one, two, five].map((device) => runLaunches(device, [launch], contents)),
    );
    for (const got of others) assert.deepEqual(got[2], want![2]);
  }
});
