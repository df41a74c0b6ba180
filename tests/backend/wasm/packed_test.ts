// Packed matrices: buffers take and give them in row order, products read them as the others, and whoever reads them in
// another way gets them in row order.

import assert from "node:assert/strict";
import { planForecast } from "../../../app/plan/forecast.ts";
import { wasm } from "../../../lib/backend/wasm/device.ts";
import { packLaunches } from "../../../lib/backend/wasm/packed.ts";
import { compile, type Compiled, loadPlan } from "../../../lib/compile/compile.ts";
import type { Device } from "../../../lib/compile/device.ts";
import { plan } from "../../../lib/compile/pipeline.ts";
import { imaginedInfo } from "../../../app/plan/imagined.ts";
import { RELEASED_CONFIG } from "../../../lib/models/walrus/config.ts";
import { walrusModel } from "../../../lib/models/walrus/walrus.ts";
import { evaluate } from "../../../lib/ir/evaluate.ts";
import { add, contract, exp, mul, permute, reshape, sliceAxis, sum } from "../../../lib/ir/tensor.ts";
import { type Graph, trace } from "../../../lib/ir/trace.ts";
import { type DType, type HostArray } from "../../../lib/ir/types.ts";
import { Draw } from "../random_launches.ts";
import { decode, encodeFp16 } from "../run_launch.ts";

type Stored = Extract<DType, "f32" | "f16" | "i8">;

/** Rows, outputs, inputs: one to seven rows past whole blocks, terms fewer and more than a chain and a block. */
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
  return dtype === "f16" ? encodeFp16(numbers) : numbers;
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

/** A graph whose input `w` is a packed matrix on the device. */
async function packed(
  device: Device,
  graph: Graph,
  w: HostArray,
): Promise<{ run: Compiled["run"] } & Disposable> {
  using made = new DisposableStack();
  const { dtype, shape } = graph.inputs.get("w")!;
  const buffer = made.use(device.createBuffer(dtype, w.length, { label: "w", rows: shape[0]! }));
  await buffer.write(w);
  const planned = plan(graph, device, { stationary: (name) => name === "w" });
  const compiled = made.use(await loadPlan(planned, device, new Map([["w", buffer]])));
  const kept = made.move();
  return { run: (feeds) => compiled.run(feeds), [Symbol.dispose]: () => kept[Symbol.dispose]() };
}

Deno.test("products with packed matrices follow their definition, alike on 1 and 3 threads and on every build", async () => {
  using one = await wasm({ threads: 1 });
  using three = await wasm({ threads: 3 });
  using plain = await wasm({ threads: 1, relaxed: false });
  using wide = await wasm({ threads: 3, maximumBytes: 2 ** 33 });
  const draw = new Draw(11);
  for (const dtype of ["f32", "f16", "i8"] as const) {
    for (const [m, n, k] of SIZES) {
      const graph = products(dtype, m, n, k);
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
        using compiled = await packed(device, graph, w);
        const got = await compiled.run(feeds);
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

Deno.test("a product with a packed matrix is the product in row order, bit for bit, up to 1,408 terms", async () => {
  using device = await wasm({ threads: 2 });
  const draw = new Draw(12);
  for (const [m, n, k] of [[37, 32, 1408], [300, 1424, 352], [7, 8, 1000]] as const) {
    const graph = trace(
      { x: { dtype: "f32", shape: [m, k] }, w: { dtype: "f32", shape: [n, k] } },
      ({ x, w }) => ({ y: contract("mk,nk->mn", x, w) }),
    );
    const numbers = (length: number) => Float32Array.from({ length }, () => draw.normal());
    const [x, w] = [numbers(m * k), numbers(n * k)];
    using rows = await compile(graph, device);
    using compiled = await packed(device, graph, w);
    assert.deepEqual(await compiled.run({ x }), await rows.run({ x, w }));
  }
});

Deno.test("every finite fp16 number of a packed matrix becomes its float", async () => {
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
  using compiled = await packed(device, graph, finite);
  const { y } = await compiled.run({ x: units });
  // Sums of -0 and 0 are 0.
  assert.deepEqual(y, Float32Array.from(decode({ dtype: "f16", data: finite }), (value) => value + 0));
});

Deno.test("a packed buffer refuses fp16 numbers that are not finite", async () => {
  using device = await wasm({ threads: 1 });
  using buffer = device.createBuffer("f16", 64, { label: "w", rows: 8 });
  for (const [bits, value] of [[0x7c00, "Infinity"], [0xfc00, "-Infinity"], [0x7e01, "NaN"]] as const) {
    await assert.rejects(() => buffer.write(Uint16Array.of(0x3c00, 0x7bff, bits), 5), {
      name: "RangeError",
      message:
        `Cannot write buffer "w": element 7 is ${value}, wanted finite fp16 numbers in a packed matrix`,
    });
  }
  assert.deepEqual(await buffer.read(), new Uint16Array(64));
});

Deno.test("a packed buffer takes pieces anywhere and gives them back in row order", async () => {
  using device = await wasm({ threads: 1 });
  for (const dtype of ["f32", "f16", "i8"] as const) {
    const [rows, columns] = [24, 12];
    const numbers = matrix(dtype, rows * columns, new Draw(13));
    using buffer = device.createBuffer(dtype, numbers.length, { label: "w", rows });
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
  for (const [length, rows] of [[60, 8], [80, 0], [96, 0.5]] as const) {
    assert.throws(() => device.createBuffer("f32", length, { label: "w", rows }), {
      name: "RangeError",
      message: `Cannot make buffer "w": ${length} elements are no ${rows} rows`,
    });
  }
});

Deno.test("programs that read a packed matrix in another way get it in row order", async () => {
  using device = await wasm({ threads: 2 });
  const [n, k] = [16, 24];
  const draw = new Draw(14);
  const numbers = (length: number) => Float32Array.from({ length }, () => draw.normal());
  const types = {
    x: { dtype: "f32", shape: [3, k] },
    z: { dtype: "f32", shape: [3, n] },
    w: { dtype: "f32", shape: [n, k] },
  } as const;
  const builds: Parameters<typeof trace<typeof types>>[1][] = [
    ({ z, w }) => ({ y: contract("mk,kn->mn", z, w) }),
    ({ x, w }) => ({ y: contract("nk,mk->nm", w, x) }),
    ({ x, w }) => ({ y: contract("mk,nk->mn", x, sliceAxis(w, 0, 8, 8)) }),
    ({ x, w }) => ({ y: contract("bk,bk->b", x, sliceAxis(w, 0, 0, 3)) }),
    // Halves of the rows: a matrix of other rows.
    ({ z, w }) => ({ y: contract("mk,nk->mn", sliceAxis(z, 1, 0, 12), reshape(w, [2 * n, k / 2])) }),
    // In the prologue, and whole beside it.
    ({ x, w }) => ({ y: add(contract("mk,nk->mn", x, w), permute(sum(exp(w), [1]), [1, 0])) }),
  ];
  const w = numbers(n * k);
  const feeds = { x: numbers(3 * k), z: numbers(3 * n) };
  const before = device.usedBytes;
  for (const build of builds) {
    const graph = trace(types, build);
    using rows = await compile(graph, device);
    using compiled = await packed(device, graph, w);
    assert.deepEqual(await compiled.run(feeds), await rows.run({ ...feeds, w }));
    assert.deepEqual(await compiled.run(feeds), await rows.run(feeds));
  }
  assert.equal(device.usedBytes, before);
});

Deno.test("runs refuse a packed matrix that was not there when the program was loaded, and one that was", async () => {
  using device = await wasm({ threads: 1 });
  const types = { x: { dtype: "f32", shape: [2, 8] }, w: { dtype: "f32", shape: [8, 8] } } as const;
  const graph = trace(types, ({ x, w }) => ({ y: contract("mk,nk->mn", x, w) }));
  const x = new Float32Array(16);
  using w = device.createBuffer("f32", 64, { label: "w", rows: 8 });
  using open = await compile(graph, device);
  await assert.rejects(() => open.run({ x, w }), {
    name: "TypeError",
    message:
      'Cannot run: input "w" is a packed matrix, wanted it among the stationary inputs or made without rows',
  });
  const stationary = { stationary: (name: string) => name === "w" };
  using bound = await compile(graph, device, stationary, new Map([["w", w]]));
  await bound.run({ x });
  for (const again of [w, new Float32Array(64)]) {
    await assert.rejects(() => bound.run({ x, w: again }), {
      name: "TypeError",
      message: 'Cannot run: input "w" is stationary, it was bound when the program was loaded',
    });
  }
  using small = device.createBuffer("f32", 32);
  await assert.rejects(() => compile(graph, device, stationary, new Map([["w", small]])), {
    name: "TypeError",
    message: 'Cannot load: input "w" is 32 f32, wanted 64 f32',
  });
  w[Symbol.dispose]();
  await assert.rejects(() => bound.run({ x }), {
    name: "DisposedError",
    message: /buffer "w" is disposed of/,
  });
});

Deno.test("every matrix of a network's blocks is read whole by its forecast, and packed", () => {
  const config = { ...RELEASED_CONFIG, hiddenDim: 96, intermediateDim: 24, heads: 4, mlpDim: 384, blocks: 3 };
  const model = walrusModel(config);
  const shape = model.shape(imaginedInfo([32, 32], model, 4), { samples: 1 });
  const kernels = new Set(["layerNorm", "rope", "attention"] as const);
  const { main: { program }, matrices } = planForecast(model, shape, kernels, false);
  const isLarge = (name: string) => model.parameters.get(name)?.narrow === "i8";
  const rows = new Map([...matrices].filter(([name]) => isLarge(name.replace("params/", ""))));
  assert.deepEqual(
    rows,
    new Map(
      [...model.parameters].filter(([name]) => isLarge(name)).map((
        [name, { shape: [n] }],
      ) => [`params/${name}`, n!]),
    ),
  );
  assert.equal(rows.size, 5 * config.blocks);
  const columns = program.slots.flatMap(({ name, length }, i) =>
    rows.has(name) ? [[i, length / rows.get(name)!] as const] : []
  );
  const { launches, unpack } = packLaunches(program, new Map(columns));
  assert.equal(unpack.size, 0);
  const marked = launches.filter((launch) => launch.kernel === "contract" && "packed" in launch.attributes);
  assert.ok(marked.length >= rows.size, `${marked.length} products`);
});
