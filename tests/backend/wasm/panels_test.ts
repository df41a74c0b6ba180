// Matrices in panels: buffers take and give them in row order, products read them as the others, and whatever can not be
// read so is refused.

import assert from "node:assert/strict";
import { wasm } from "../../../lib/backend/wasm/device.ts";
import { compile, compileGraph } from "../../../lib/compile/compile.ts";
import { layPanels, panelColumns } from "../../../lib/compile/panels.ts";
import { weightPanels } from "../../../lib/forecast/panels.ts";
import { Walrus } from "../../../lib/forecast/walrus.ts";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { add, contract, mul, permute, reshape, sliceAxis } from "../../../lib/ir/tensor.ts";
import { type Graph, trace } from "../../../lib/ir/trace.ts";
import { at, type DType, type HostArray } from "../../../lib/ir/types.ts";
import { openWell } from "../../../lib/data/well.ts";
import { inRepository } from "../../shared.ts";
import { Draw } from "../random_steps.ts";
import { decode, encodeHalf } from "../run_step.ts";

type Stored = Extract<DType, "f32" | "f16" | "i8">;

/** Rows, outputs, inputs: one to seven rows past whole blocks, panels shorter and longer than a chain and a block. */
const SIZES = [
  [1, 8, 4],
  [2, 16, 12],
  [5, 8, 36],
  [9, 24, 352],
  [22, 48, 356],
  [64, 1424, 24],
  [300, 40, 60],
  [31, 16, 1412],
] as const;

function matrix(dtype: Stored, length: number, draw: Draw): HostArray {
  if (dtype === "i8") return Int8Array.from({ length }, () => draw.whole(-127, 127));
  const numbers = Float32Array.from({ length }, () => draw.normal());
  return dtype === "f16" ? encodeHalf(numbers) : numbers;
}

/** Products with one matrix: plain, of a transposed operand, with epilogues, over two axes into two axes. */
function products(dtype: Stored, m: number, n: number, k: number): Graph {
  return trace({
    x: { dtype: "f32", shape: [m, k] },
    turned: { dtype: "f32", shape: [k, m] },
    residual: { dtype: "f32", shape: [m, n] },
    bias: { dtype: "f32", shape: [n] },
    factors: { dtype: "f32", shape: [n] },
    w: { dtype, shape: [n, k] },
  }, ({ x, turned, residual, bias, factors, w }) => {
    const heads = reshape(w, [n, k / 4, 4]);
    const split = permute(reshape(x, [m, k / 4, 4]), [1, 0, 2]);
    return {
      plain: contract("mk,nk->mn", x, w),
      transposed: contract("km,nk->mn", turned, w),
      epilogue: add(add(contract("mk,nk->mn", mul(x, 0.5), w), bias), residual),
      scaled: mul(contract("mk,nk->mn", x, w), factors),
      scaledAndMore: add(add(mul(factors, contract("mk,nk->mn", x, w)), bias), residual),
      heads: contract("ame,nae->mn", split, heads),
      across: contract("mk,nk->nm", x, w),
    };
  });
}

Deno.test("products with matrices in panels follow their definition, alike on 1 and 3 threads and on every build", async () => {
  using one = await wasm({ threads: 1 });
  using three = await wasm({ threads: 3 });
  using plain = await wasm({ threads: 1, relaxed: false });
  using wide = await wasm({ threads: 3, maximumBytes: 2 ** 33 });
  const draw = new Draw(11);
  for (const dtype of ["f32", "f16", "i8"] as const) {
    for (const [m, n, k] of SIZES) {
      const graph = products(dtype, m, n, k);
      const columns = new Map([["w", panelColumns(one, [n, k])!]]);
      const numbers = (length: number) => Float32Array.from({ length }, () => draw.normal());
      const factors = Float32Array.from({ length: n }, () => draw.whole(-64, 64) / 64);
      const feeds = {
        x: numbers(m * k),
        turned: numbers(k * m),
        residual: numbers(m * n),
        bias: numbers(n),
        factors,
      };
      const w = matrix(dtype, n * k, draw);
      const want = evaluate(graph, {
        ...Object.fromEntries(Object.entries(feeds).map(([name, data]) => [name, Float64Array.from(data)])),
        w: decode({ dtype, data: w }),
      });
      const results = [];
      for (const device of [one, three, plain, wide]) {
        using compiled = await compile(device, graph, layPanels(compileGraph(graph, device), columns));
        using weights = device.createBuffer(dtype, n * k, { label: "w", panelColumns: k });
        await weights.write(w);
        const got = await compiled.run({ ...feeds, w: weights });
        // Chains of up to 352 products, then sums of those: errors well below that of one chain over k.
        const scale = dtype === "i8" ? 127 : 4;
        const tolerance = 16 * scale * 2 ** -24 * (8 + Math.sqrt(k));
        for (const [name, values] of Object.entries(want)) {
          values.forEach((value, i) => {
            const error = Math.abs(got[name]![i]! - value);
            assert.ok(
              error <= tolerance,
              `${device.name}, ${dtype} ${m} x ${n} x ${k}: ${name}[${i}] off by ${error}`,
            );
          });
        }
        results.push(got);
      }
      assert.deepEqual(results[1], results[0]);
      assert.deepEqual(results[3], results[0]);
    }
  }
});

Deno.test("a product with a matrix in panels is the product in row order, bit for bit, up to 1,408 steps", async () => {
  using device = await wasm({ threads: 2 });
  const draw = new Draw(12);
  for (const [m, n, k] of [[37, 32, 1408], [300, 1424, 352], [7, 8, 1000]] as const) {
    const graph = trace(
      { x: { dtype: "f32", shape: [m, k] }, w: { dtype: "f32", shape: [n, k] } },
      ({ x, w }) => ({ y: contract("mk,nk->mn", x, w) }),
    );
    const numbers = (length: number) => Float32Array.from({ length }, () => draw.normal());
    const [x, w] = [numbers(m * k), numbers(n * k)];
    using rows = await compile(device, graph);
    using panels = await compile(device, graph, layPanels(compileGraph(graph, device), new Map([["w", k]])));
    using weights = device.createBuffer("f32", n * k, { label: "w", panelColumns: k });
    await weights.write(w);
    assert.deepEqual(await panels.run({ x, w: weights }), await rows.run({ x, w }));
  }
});

Deno.test("every finite half float in panels becomes its float", async () => {
  using device = await wasm({ threads: 1 });
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  const finite = all.filter((bits) => (bits & 0x7c00) !== 0x7c00);
  const n = finite.length / 4;
  // Rows of four numbers times the unit vectors.
  const units = Float32Array.from({ length: 16 }, (_, i) => i % 5 === 0 ? 1 : 0);
  const graph = trace(
    { x: { dtype: "f32", shape: [4, 4] }, w: { dtype: "f16", shape: [n, 4] } },
    ({ x, w }) => ({ y: contract("mk,nk->nm", x, w) }),
  );
  using compiled = await compile(device, graph, layPanels(compileGraph(graph, device), new Map([["w", 4]])));
  using weights = device.createBuffer("f16", finite.length, { label: "w", panelColumns: 4 });
  await weights.write(finite);
  const { y } = await compiled.run({ x: units, w: weights });
  // Sums of -0 and 0 are 0.
  assert.deepEqual(y, Float32Array.from(decode({ dtype: "f16", data: finite }), (value) => value + 0));
});

Deno.test("a buffer in panels refuses half floats that are not finite", async () => {
  using device = await wasm({ threads: 1 });
  using buffer = device.createBuffer("f16", 64, { label: "w", panelColumns: 8 });
  for (const [bits, value] of [[0x7c00, "Infinity"], [0xfc00, "-Infinity"], [0x7e01, "NaN"]] as const) {
    await assert.rejects(() => buffer.write(Uint16Array.of(0x3c00, 0x7bff, bits), 5), {
      name: "RangeError",
      message: `Cannot write buffer "w": element 7 is ${value}, wanted finite half floats in panels`,
    });
  }
  assert.deepEqual(await buffer.read(), new Uint16Array(64));
});

Deno.test("a buffer in panels takes pieces anywhere and gives them back in row order", async () => {
  using device = await wasm({ threads: 1 });
  for (const dtype of ["f32", "f16", "i8"] as const) {
    const [rows, columns] = [24, 12];
    const numbers = matrix(dtype, rows * columns, new Draw(13));
    using buffer = device.createBuffer(dtype, numbers.length, { label: "w", panelColumns: columns });
    assert.ok((await buffer.read()).every((value) => value === 0));
    let from = 0;
    for (const piece of [1, 11, 12, 5, 100, 0, 30, 129]) {
      await buffer.write(numbers.slice(from, from + piece), from);
      from += piece;
    }
    assert.equal(from, numbers.length);
    assert.deepEqual(await buffer.read(), numbers);
    assert.deepEqual(await buffer.read(5, 190), numbers.slice(5, 190));
  }
  for (const [length, columns] of [[60, 12], [80, 10], [96, 0]] as const) {
    assert.throws(() => device.createBuffer("f32", length, { label: "w", panelColumns: columns }), {
      name: "RangeError",
      message:
        `Cannot make buffer "w": ${length} elements in panels of ${columns} columns, wanted a multiple of ` +
        "4 columns and of 8 rows",
    });
  }
});

Deno.test("layPanels() refuses matrices that are not read whole and row by row", () => {
  const device = { kernels: new Set(["contract", "map"] as const), panelRows: 8 };
  const types = { x: { dtype: "f32", shape: [3, 16] }, w: { dtype: "f32", shape: [16, 16] } } as const;
  const refused = (graph: Graph, message: RegExp) =>
    assert.throws(() => layPanels(compileGraph(graph, device), new Map([["w", 16]])), {
      name: "TypeError",
      message,
    });
  const whole = /Cannot lay a matrix in panels: .* does not read it whole, row by row/;
  refused(trace(types, ({ x, w }) => ({ y: contract("mk,kn->mn", x, w) })), whole);
  refused(trace(types, ({ x, w }) => ({ y: contract("nk,mk->nm", w, x) })), whole);
  refused(trace(types, ({ x, w }) => ({ y: contract("mk,nk->mn", x, sliceAxis(w, 0, 8, 8)) })), whole);
  refused(
    trace(types, ({ x, w }) => ({ y: contract("bk,bk->b", sliceAxis(x, 0, 0, 3), sliceAxis(w, 0, 0, 3)) })),
    whole,
  );
  refused(trace(types, ({ w }) => ({ y: mul(w, 2) })), /map reads it/);
  const untouched = compileGraph(trace(types, ({ w }) => ({ y: mul(w, 2) })), device);
  assert.deepEqual(layPanels(untouched, new Map([["other", 16]])), untouched);
});

Deno.test("run() refuses a buffer whose order is not the program's", async () => {
  using device = await wasm({ threads: 1 });
  const graph = trace(
    { x: { dtype: "f32", shape: [2, 8] }, w: { dtype: "f32", shape: [8, 8] } },
    ({ x, w }) => ({ y: contract("mk,nk->mn", x, w) }),
  );
  const x = new Float32Array(16);
  using rows = await compile(device, graph);
  using panels = await compile(device, graph, layPanels(compileGraph(graph, device), new Map([["w", 8]])));
  using inRows = device.createBuffer("f32", 64, { label: "w" });
  using inPanels = device.createBuffer("f32", 64, { label: "w", panelColumns: 8 });
  await assert.rejects(
    () => rows.run({ x, w: inPanels }),
    /"w" is in panels of 8 columns, wanted row by row/,
  );
  await assert.rejects(
    () => panels.run({ x, w: inRows }),
    /"w" is row by row, wanted in panels of 8 columns/,
  );
});

Deno.test("every matrix of the shipped network's blocks is read in panels", async () => {
  using device = await wasm({ threads: 1 });
  using model = await Walrus.load(inRepository("examples/walrus_small/walrus.safetensors"), { device });
  using well = await openWell(inRepository("examples/data/gray_scott_mini.hdf5"));
  const window = await well.trajectory(0).window({ from: 0, length: 6 });
  const { compiled } = await model.prepare(window, true);
  const { slots, steps } = compiled.program;
  const laid = new Set(steps.flatMap((step) => {
    if (step.kernel !== "contract" || !step.attributes.panels) return [];
    return [at(slots, at(step.inputs, 1).slot).name.replace("params/", "")];
  }));
  assert.deepEqual(laid, new Set(weightPanels(model.config, device).keys()));
  assert.equal(laid.size, 5 * model.config.blocks);
});
