// Matrices of 8-bit numbers: as operands of products and copies on WASM, and as storage of a model's weights.

import assert from "node:assert/strict";
import { quantiseActivations } from "../../../lib/compile/quantise.ts";
import { print } from "../../../lib/ir/print.ts";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { cast, contract, mul, permute, reshape } from "../../../lib/ir/tensor.ts";
import { trace } from "../../../lib/ir/trace.ts";
import { compile } from "../../../lib/compile/compile.ts";
import { wasm } from "../../../lib/backend/wasm/device.ts";
import { quantizeRows } from "../../../lib/weights/quantize.ts";
import { loadModel } from "../../../lib/forecast/load.ts";
import { openData } from "../../../lib/data/open_data.ts";
import { inRepository } from "../../shared.ts";
import { Draw } from "../random_launches.ts";

/** Rows, outputs, inputs: less than a vector, odd, several blocks. */
const SIZES = [[1, 1, 1], [3, 5, 7], [13, 17, 9], [97, 33, 353], [100, 720, 720]] as const;

Deno.test("contract on WASM takes matrices of 8-bit numbers in any layout, alike on 1 and 3 threads", async () => {
  using one = await wasm({ threads: 1 });
  using three = await wasm({ threads: 3 });
  const draw = new Draw(5);
  for (const [m, n, k] of SIZES) {
    for (const transposed of [false, true]) {
      const graph = trace({
        x: { dtype: "f32", shape: [m, k] },
        w: { dtype: "i8", shape: transposed ? [k, n] : [n, k] },
        scale: { dtype: "f32", shape: [n] },
      }, ({ x, w, scale }) => ({
        y: mul(contract(transposed ? "mk,kn->mn" : "mk,nk->mn", x, w), scale),
        left: contract(transposed ? "kn,mk->nm" : "nk,mk->nm", w, x),
      }));
      const feeds = {
        x: Float32Array.from({ length: m * k }, () => draw.normal()),
        w: Int8Array.from({ length: n * k }, () => draw.whole(-127, 127)),
        scale: Float32Array.from({ length: n }, () => draw.normal()),
      };
      const wide = Object.fromEntries(
        Object.entries(feeds).map(([name, data]) => [name, Float64Array.from(data)]),
      );
      const want = evaluate(graph, wide);
      using compiled = await compile(graph, one);
      const got = await compiled.run(feeds);
      // Sums of k products of numbers up to 127, each rounded once.
      const tolerance = 4 * 127 * 2 ** -24 * (8 + k);
      for (const [name, numbers] of Object.entries(want)) {
        const scaled = name === "y" ? 4 * tolerance : tolerance;
        numbers.forEach((value, i) => {
          assert.ok(
            Math.abs(got[name]![i]! - value) <= scaled,
            `${name}[${i}] is ${got[name]![i]}, wanted ${value}`,
          );
        });
      }
      using several = await compile(graph, three);
      assert.deepEqual(await several.run(feeds), got);
    }
  }
});

Deno.test("a product of quantised activations that need no rounding is exact, on every build", async () => {
  const draw = new Draw(6);
  for (const [m, n, k] of [...SIZES, [7, 9, 1500], [101, 710, 64]] as const) {
    const x = Float32Array.from({ length: m * k }, () => draw.whole(-63, 63));
    // A row's largest number is 63 levels.
    for (let row = 0; row < m; row++) x[row * k + draw.whole(0, k - 1)] = draw.chance(0.5) ? 63 : -63;
    const w = Int8Array.from({ length: n * k }, () => draw.whole(-127, 127));
    const scale = Float32Array.from({ length: n }, () => 2 ** draw.whole(-2, 2));
    for (const transposed of [false, true]) {
      const graph = quantiseActivations(trace({
        x: { dtype: "f32", shape: transposed ? [k, m] : [m, k] },
        w: { dtype: "i8", shape: transposed ? [k, n] : [n, k] },
        scale: { dtype: "f32", shape: [n] },
      }, ({ x, w, scale }) => ({ y: mul(contract(transposed ? "km,kn->mn" : "mk,nk->mn", x, w), scale) })));
      const flip = <T extends Float32Array | Int8Array>(matrix: T, rows: number): T =>
        transposed ? matrix.map((_, i) => matrix[(i % rows) * k + Math.floor(i / rows)]!) as T : matrix;
      const feeds = { x: flip(x, m), w: flip(w, n), scale };
      const want = Float32Array.from({ length: m * n }, (_, i) => {
        const [row, column] = [Math.floor(i / n), i % n];
        let sum = 0;
        for (let p = 0; p < k; p++) sum += x[row * k + p]! * w[column * k + p]!;
        return sum * scale[column]!;
      });
      for (const options of [{ threads: 1 }, { threads: 3 }, { threads: 2, relaxed: false }]) {
        using device = await wasm(options);
        using compiled = await compile(graph, device);
        assert.deepEqual((await compiled.run(feeds)).y, want, `${m} x ${n} x ${k} on ${device.name}`);
      }
    }
  }
});

Deno.test("a product of quantised activations follows its definition in double precision", async () => {
  using device = await wasm({ threads: 2 });
  const draw = new Draw(8);
  const [m, n, k] = [31, 45, 1600];
  const graph = quantiseActivations(trace({
    x: { dtype: "f32", shape: [m, k] },
    w: { dtype: "i8", shape: [n, k] },
  }, ({ x, w }) => ({ y: contract("mk,nk->mn", x, w) })));
  const x = Float32Array.from({ length: m * k }, () => draw.normal());
  x.fill(0, 0, k);
  const w = Int8Array.from({ length: n * k }, () => draw.whole(-127, 127));
  const want = evaluate(graph, { x: Float64Array.from(x), w: Float64Array.from(w) }).y!;
  using compiled = await compile(graph, device);
  const { y } = await compiled.run({ x, w });
  let [difference, size] = [0, 0];
  want.forEach((value, i) => {
    // Where a number lies between two levels, single precision may take the other one.
    difference += (value - y![i]!) ** 2;
    size += value ** 2;
  });
  assert.ok(Math.sqrt(difference / size) < 1e-3);
  assert.ok(y!.subarray(0, n).every((value) => value === 0), "a row of zeros gives zeros");
});

Deno.test("quantiseActivations() leaves other products as they are", () => {
  const graph = trace(
    { x: { dtype: "f32", shape: [2, 3] }, w: { dtype: "f16", shape: [4, 3] } },
    ({ x, w }) => ({
      y: contract("mk,nk->mn", x, w),
    }),
  );
  assert.equal(print(quantiseActivations(graph)), print(graph));
});

Deno.test("8-bit numbers are copied, moved and widened exactly on WASM", async () => {
  using device = await wasm({ threads: 2 });
  const graph = trace({ w: { dtype: "i8", shape: [6, 37] } }, ({ w }) => {
    const moved = reshape(permute(w, [1, 0]), [3, 74]);
    return { moved, wide: cast(moved, "f32") };
  });
  using compiled = await compile(graph, device);
  const w = Int8Array.from({ length: 222 }, (_, i) => (i * 89) % 256 - 128);
  const { moved, wide } = await compiled.run({ w });
  const wanted = Array.from({ length: 222 }, (_, i) => w[(i % 6) * 37 + Math.floor(i / 6)]!);
  assert.deepEqual([...moved!], wanted);
  assert.deepEqual([...wide!], wanted);
});

Deno.test("quantizeRows() is off by half a scale at most", () => {
  const draw = new Draw(9);
  const matrix = Float32Array.from({ length: 50 * 33 }, () => draw.normal());
  const { values, scales } = quantizeRows(matrix, 33);
  matrix.forEach((number, i) => {
    const scale = scales[Math.floor(i / 33)]!;
    assert.ok(Math.abs(values[i]! * scale - number) <= 0.5001 * scale);
  });
});

Deno.test("a model with 8-bit weights forecasts nearly the same and takes less memory", async () => {
  const checkpoint = inRepository("examples/walrus_small/walrus.safetensors");
  using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
  const start = await (await data.split()).trajectory(0).sample([0, 1, 2, 3, 4, 5]);
  using device = await wasm();
  const run = async (weights: "f32" | "int8" | "int8-dot") => {
    using model = await loadModel(checkpoint, { device, weights });
    let bytes = 0;
    const admit = (need: { weights: number }) => void (bytes = need.weights);
    for await (const { values } of model.rollout(start, { steps: 1, draws: false, admit })) {
      return { values, bytes };
    }
    throw new Error("no frame");
  };
  const exact = await run("f32");
  const last = start.values.map((values, i) => values.subarray(-exact.values[i]!.length));
  for (const [weights, most] of [["int8", 0.05], ["int8-dot", 0.1]] as const) {
    const { values, bytes } = await run(weights);
    let [difference, change] = [0, 0];
    exact.values.forEach((field, f) =>
      field.forEach((value, i) => {
        difference += (value - values[f]![i]!) ** 2;
        change += (value - last[f]![i]!) ** 2;
      })
    );
    const relative = Math.sqrt(difference / change);
    assert.ok(relative > 0 && relative < most, `${weights} changes the step by ${relative} of itself`);
    assert.ok(bytes < 0.6 * exact.bytes);
  }
});

Deno.test("loadModel() refuses 8-bit weights on a device without them", async () => {
  using device = await wasm();
  const other = {
    ...device,
    name: "other",
    types: new Set(["f32", "f16", "i32"] as const),
    kernels: device.kernels,
  };
  await assert.rejects(
    () =>
      loadModel(inRepository("examples/walrus_small/walrus.safetensors"), {
        device: other,
        weights: "int8",
      }),
    { name: "TypeError", message: 'Weights are "int8", other has no such numbers: wanted "f16" or "f32"' },
  );
});
