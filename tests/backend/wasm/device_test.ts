// The device around the kernels: buffers, programs, memory, errors, and what happens to threads.

import assert from "node:assert/strict";
import { wasm } from "../../../lib/backend/wasm/device.ts";
import type { WasmExecutable } from "../../../lib/backend/wasm/executable.ts";
import { kernelModule } from "../../../lib/backend/wasm/module.ts";
import type { DeviceBuffer, Job } from "../../../lib/compile/device.ts";
import type { Launch, Program, Slot } from "../../../lib/compile/program.ts";
import { wholeView } from "../../../lib/compile/view.ts";
import { apply, number, operand } from "../../../lib/ir/scalar.ts";
import { Draw, launchOf } from "../random_launches.ts";
import { alone, programOf, runLaunches } from "../run_launch.ts";

function slot(kind: Slot["kind"], length: number, name: string, extra: Partial<Slot> = {}): Slot {
  return { kind, dtype: "f32", length, name, data: null, offset: 0, lifetime: [0, 9], ...extra };
}

const add = apply("add", operand(0), operand(1));

/** A run that binds buffers by name and reads nothing. */
function jobOf(buffers: Record<string, DeviceBuffer>): Job {
  return { buffers: new Map(Object.entries(buffers)), inputs: {}, read: [] };
}

/** `output = (input + constant) + (input + constant)` through two scratch slots. */
function twoLaunches(n: number): Program {
  const view = (i: number) => wholeView(i, "f32", [n]);
  const data = Float32Array.from({ length: n }, (_, i) => i);
  return {
    slots: [
      slot("input", n, "x"),
      slot("constant", n, "c", { data }),
      slot("scratch", n, "sum", { offset: 64 }),
      slot("output", n, "y"),
    ],
    launches: [
      launchOf("map", [view(0), view(1)], [view(2)], { expression: add }),
      launchOf("map", [view(2), view(2)], [view(3)], { expression: add }),
    ],
    arenaBytes: 64 + 4 * n,
    bytes: { input: 4 * n, output: 4 * n, constant: 4 * n },
  };
}

Deno.test("wasm() runs programs with constants and scratch slots, again and with other bindings", async () => {
  using device = await wasm({ threads: 2 });
  using executable = await device.load(alone(twoLaunches(5)));
  const buffers = [0, 1].map(() => [device.createBuffer("f32", 5), device.createBuffer("f32", 5)] as const);
  for (const [i, [x, y]] of buffers.entries()) {
    await x.write(new Float32Array(5).fill(i + 1));
    const { report } = await executable.run(jobOf({ x, y }));
    assert.ok(report.milliseconds >= 0);
  }
  assert.deepEqual(await buffers[0]![1].read(), Float32Array.of(2, 4, 6, 8, 10));
  assert.deepEqual(await buffers[1]![1].read(), Float32Array.of(4, 6, 8, 10, 12));
  for (const buffer of buffers.flat()) buffer[Symbol.dispose]();
});

Deno.test("wasm() keeps several programs apart while their memory moves", async () => {
  using device = await wasm({ threads: 2 });
  const sizes = [3, 70_000, 11];
  const loaded = await Promise.all(sizes.map((n) => device.load(alone(twoLaunches(n)))));
  const check = async (i: number) => {
    const n = sizes[i]!;
    using x = device.createBuffer("f32", n);
    using y = device.createBuffer("f32", n);
    await x.write(new Float32Array(n).fill(0.5));
    await loaded[i]!.run(jobOf({ x, y }));
    assert.deepEqual(await y.read(), Float32Array.from({ length: n }, (_, j) => 2 * (j + 0.5)));
  };
  await Promise.all([check(0), check(1), check(2)]);
  loaded[1]![Symbol.dispose]();
  await check(2);
  await check(0);
  loaded[0]![Symbol.dispose]();
  loaded[2]![Symbol.dispose]();
});

Deno.test("wasm() gives all memory of disposed buffers and programs back", async () => {
  using device = await wasm({ threads: 1 });
  const before = device.usedBytes;
  const executable = await device.load(alone(twoLaunches(1000)));
  const buffer = device.createBuffer("i32", 12);
  assert.ok(device.usedBytes > before);
  executable[Symbol.dispose]();
  executable[Symbol.dispose]();
  buffer[Symbol.dispose]();
  buffer[Symbol.dispose]();
  assert.equal(device.usedBytes, before);
});

Deno.test("wasm() refuses what does not fit, naming bytes, and stays usable", async () => {
  using device = await wasm({ threads: 1, maximumBytes: 4 << 20 });
  const before = device.usedBytes;
  assert.throws(() => device.createBuffer("f32", 2 << 20, { label: "weights" }), {
    name: "RangeError",
    message: `Cannot allocate buffer "weights": it needs 8388608 bytes, ` +
      `${device.capacityBytes - before} of ${device.capacityBytes} are free`,
  });
  await assert.rejects(() => device.load(alone(twoLaunches(1 << 20))), {
    name: "RangeError",
    message: /arena|constant/,
  });
  assert.equal(device.usedBytes, before);
  using executable = await device.load(alone(twoLaunches(4)));
  assert.ok(executable.program.launches.length === 2);
});

Deno.test("wasm() grows its memory under live buffers, shared or not", async () => {
  for (const threads of [1, 2]) {
    using device = await wasm({ threads });
    using first = device.createBuffer("f32", 3);
    await first.write(Float32Array.of(1, 2, 3));
    using large = device.createBuffer("f32", 10 << 20);
    await large.write(Float32Array.of(9), (10 << 20) - 1);
    assert.deepEqual(await first.read(), Float32Array.of(1, 2, 3));
    assert.equal((await large.read())[(10 << 20) - 1], 9);
  }
});

Deno.test("DeviceBuffer.write() and read() check type and range", async () => {
  using device = await wasm({ threads: 1 });
  using buffer = device.createBuffer("f16", 4, { label: "b" });
  await buffer.write(Uint16Array.of(1, 2, 3, 4));
  await buffer.write(Uint16Array.of(8, 9), 1);
  assert.deepEqual(await buffer.read(), Uint16Array.of(1, 8, 9, 4));
  assert.deepEqual(await buffer.read(2), Uint16Array.of(9, 4));
  assert.deepEqual(await buffer.read(1, 2), Uint16Array.of(8));
  assert.deepEqual(await buffer.read(4, 4), new Uint16Array(0));
  for (const [from, to] of [[0, 5], [3, 2], [-1, 2], [0.5, 2]] as const) {
    await assert.rejects(() => buffer.read(from, to), {
      name: "RangeError",
      message: `Cannot read buffer "b": ${from} to ${to} is no range of its 4`,
    });
  }
  await assert.rejects(() => buffer.write(Float32Array.of(1)), {
    name: "TypeError",
    message: 'Cannot write buffer "b": got Float32Array, wanted Uint16Array',
  });
  await assert.rejects(() => buffer.write(Uint16Array.of(1, 2), 3), {
    name: "RangeError",
    message: 'Cannot write buffer "b": 2 elements at 3 exceed its 4',
  });
});

Deno.test("Executable.run() refuses missing, foreign and mismatched buffers", async () => {
  using device = await wasm({ threads: 1 });
  using other = await wasm({ threads: 1 });
  const executable = await device.load(alone(twoLaunches(4)));
  const x = device.createBuffer("f32", 4);
  const run = (y: DeviceBuffer) => executable.run(jobOf({ x, y }));
  const fails = (y: DeviceBuffer, message: string) =>
    assert.rejects(() => run(y), { name: "TypeError", message: `Cannot run: output "y" is ${message}` });
  await assert.rejects(() => executable.run(jobOf({})), {
    name: "TypeError",
    message: 'Cannot run: input "x" is not bound, wanted a buffer or numbers: 4 f32',
  });
  await fails(other.createBuffer("f32", 4), "a buffer of another device, wanted one of this device");
  await fails(device.createBuffer("f32", 5), "5 f32, wanted 4 f32");
  await fails(device.createBuffer("i32", 4), "4 i32, wanted 4 f32");
  const jobs: [Partial<Job>, string][] = [
    [
      { buffers: new Map([["x", x]]), inputs: { x: new Float32Array(4) } },
      'input "x" is a buffer and numbers',
    ],
    [{ inputs: { x: new Float32Array(3) } }, 'input "x" got 3 numbers, wanted 4'],
    [{ inputs: { x: new Int32Array(4) } }, 'input "x" got Int32Array, wanted Float32Array'],
    [{ inputs: { z: new Float32Array(4) } }, 'there is no input "z"'],
    [{ buffers: new Map([["x", x]]), read: ["z"] }, 'there is no output "z" to read'],
  ];
  for (const [job, message] of jobs) {
    await assert.rejects(
      () => executable.run({ ...jobOf({}), ...job }),
      new RegExp(`^\\w+: Cannot run: ${message}`),
    );
  }
});

Deno.test("gather and scatterAdd report an index outside its axis with the scope", async () => {
  using device = await wasm({ threads: 2 });
  const contents = [
    { dtype: "f32" as const, data: new Float32Array(8) },
    { dtype: "i32" as const, data: Int32Array.of(0, 4) },
    { dtype: "f32" as const, data: new Float32Array(8) },
  ];
  const views = [wholeView(0, "f32", [4, 2]), wholeView(1, "i32", [2])];
  const gather: Launch = launchOf("gather", views, [wholeView(2, "f32", [2, 2])], { axis: 0 });
  await assert.rejects(() => runLaunches(device, [gather], contents), {
    name: "RangeError",
    message: "Cannot run gather: index 4 is outside an axis of 4 (test)",
  });
  contents[1]!.data.set([-1, 0]);
  const scatter = launchOf("scatterAdd", [wholeView(0, "f32", [2, 2]), views[1]!], [
    wholeView(2, "f32", [4, 2]),
  ], {
    axis: 0,
  });
  await assert.rejects(
    () => runLaunches(device, [scatter], contents),
    /index -1 is outside an axis of 4 \(test\)/,
  );
  contents[1]!.data.set([3, 0]);
  await runLaunches(device, [scatter], contents);
});

Deno.test("lowerLaunch() refuses number types a kernel does not take", async () => {
  using device = await wasm({ threads: 1 });
  const views = [wholeView(0, "f16", [2, 4]), wholeView(1, "f32", [4]), wholeView(2, "f32", [4])];
  const launch = launchOf("layerNorm", views, [wholeView(3, "f32", [2, 4])], { epsilon: 1e-5 });
  const contents = [8, 4, 4, 8].map((n, i) =>
    i === 0
      ? { dtype: "f16" as const, data: new Uint16Array(n) }
      : { dtype: "f32" as const, data: new Float32Array(n) }
  );
  await assert.rejects(() => device.load(alone(programOf([launch], contents))), {
    name: "TypeError",
    message: "Cannot lower layerNorm: input 0 is f16, wanted f32 (test)",
  });
});

Deno.test("lowerLaunch() refuses more operands than a kernel walks", async () => {
  using device = await wasm({ threads: 1 });
  const load = (inputs: number) => {
    const contents = Array.from(
      { length: inputs + 1 },
      () => ({ dtype: "f32" as const, data: new Float32Array(3) }),
    );
    const views = contents.map((_, slot) => wholeView(slot, "f32", [3]));
    const expression = views.slice(0, inputs).map((_, i) => operand(i)).reduce((sum, x) =>
      apply("add", sum, x)
    );
    const launch = launchOf("map", views.slice(0, inputs), views.slice(inputs), { expression });
    return device.load(alone(programOf([launch], contents)));
  };
  (await load(32))[Symbol.dispose]();
  await assert.rejects(() => load(33), {
    name: "RangeError",
    message: "Cannot lower an expression: it has 33 operands, wanted at most 32",
  });
});

Deno.test("wasm() takes a compiled module and adapts to its memory", async () => {
  for (const shared of [false, true]) {
    const module = await kernelModule(false, shared);
    using device = await wasm({ module, threads: 1 });
    assert.equal(device.name, "wasm (given module, 1 threads)");
    const contents = [1, 2].map((v) => ({ dtype: "f32" as const, data: Float32Array.of(v) }));
    const launch = launchOf("map", [wholeView(0, "f32", [1])], [wholeView(1, "f32", [1])], {
      expression: apply("mul", operand(0), number(4)),
    });
    assert.deepEqual((await runLaunches(device, [launch], contents))[1], Float32Array.of(4));
  }
});

Deno.test("wasm() checks its options", async () => {
  await assert.rejects(() => wasm({ threads: 0 }), {
    name: "RangeError",
    message: "Cannot make a WASM device: threads is 0, wanted 1 to 64",
  });
  await assert.rejects(() => wasm({ threads: 1.5 }), /threads is 1.5/);
  await assert.rejects(() => wasm({ maximumBytes: 100 }), /maximumBytes is 100, wanted/);
});

Deno.test("contract gives the same bits on 1, 2, 3 and 5 threads for blocks of every kind, with epilogue", async () => {
  const draw = new Draw(11);
  // Several blocks along m, n and k, none of them whole.
  const [m, n, k] = [211, 1430, 365];
  const contents = [m * k, n * k, n, m * n, m * n].map((length) => ({
    dtype: "f32" as const,
    data: Float32Array.from({ length }, () => draw.normal()),
  }));
  const bias = { ...wholeView(2, "f32", [m, n]), strides: [0, 1] };
  const launch = launchOf(
    "contract",
    [wholeView(0, "f32", [m, k]), wholeView(1, "f32", [n, k]), bias, wholeView(3, "f32", [m, n])],
    [wholeView(4, "f32", [m, n])],
    {
      batch: [],
      m: [{ size: m, a: k, b: 0, out: n }],
      n: [{ size: n, a: 0, b: k, out: 1 }],
      k: [{ size: k, a: 1, b: 1, out: 0 }],
      epilogue: apply("add", apply("add", operand(0), operand(1)), operand(2)),
    },
  );
  const [a, b, c, d] = contents.map(({ data }) => data) as Float32Array[];
  let first: Float32Array | null = null;
  for (const threads of [1, 2, 3, 5]) {
    using device = await wasm({ threads });
    const out = (await runLaunches(device, [launch], contents))[4] as Float32Array;
    first ??= out;
    assert.deepEqual(out, first);
  }
  for (let test = 0; test < 2000; test++) {
    const [i, j] = test < 4
      ? [(test & 1) * (m - 1), (test >> 1) * (n - 1)]
      : [draw.whole(0, m - 1), draw.whole(0, n - 1)];
    let sum = c![j]! + d![i * n + j]!;
    let size = 0;
    for (let p = 0; p < k; p++) {
      sum += a![i * k + p]! * b![j * k + p]!;
      size += Math.abs(a![i * k + p]! * b![j * k + p]!);
    }
    // A tenth of the worst case of a chain of 365 roundings.
    assert.ok(Math.abs(first![i * n + j]! - sum) < 1e-6 * size, `element ${i}, ${j}`);
  }
});

Deno.test("Executable.profile() times every launch and leaves the same results", async () => {
  using device = await wasm({ threads: 2 });
  using executable = await device.load(alone(twoLaunches(6))) as WasmExecutable;
  using x = device.createBuffer("f32", 6);
  using y = device.createBuffer("f32", 6);
  await x.write(new Float32Array(6).fill(1));
  const times = await executable.profile(new Map([["x", x], ["y", y]]));
  assert.equal(times.length, 2);
  assert.ok(times.every((t) => t >= 0));
  assert.deepEqual(await y.read(), Float32Array.of(2, 4, 6, 8, 10, 12));
});

/** Attention of 9 queries over `n` keys of 5 features; the bias of query i and key j is `bias(i, j)`. */
async function attend(n: number, bias: (i: number, j: number) => number, spoil = (_q: Float32Array) => {}) {
  const draw = new Draw(12);
  const array = (length: number) => Float32Array.from({ length }, () => draw.normal());
  const q = array(9 * 5);
  spoil(q);
  const data = [
    q,
    array(n * 5),
    array(n * 5),
    Float32Array.from({ length: 9 * n }, (_, i) => bias(Math.floor(i / n), i % n)),
  ];
  const contents = [...data, new Float32Array(9 * 5)].map((data) => ({ dtype: "f32" as const, data }));
  const shapes = [[9, 5], [n, 5], [n, 5], [9, n], [9, 5]];
  const views = shapes.map((shape, i) => wholeView(i, "f32", shape));
  const launch = launchOf("attention", views.slice(0, 4), [views[4]!], { scale: 0.4 });
  using device = await wasm({ threads: 1 });
  return { out: (await runLaunches(device, [launch], contents))[4] as Float32Array, values: data[2]! };
}

Deno.test("attention gives no weight to keys masked by -1e30 or -Infinity, whole blocks included", async () => {
  for (const hidden of [-1e30, -Infinity]) {
    for (const [n, seen] of [[6, 0], [400, 399], [400, 5]] as const) {
      const { out, values } = await attend(n, (_, j) => j === seen ? 0 : hidden);
      for (let i = 0; i < 9; i++) {
        assert.deepEqual(out.slice(5 * i, 5 * i + 5), values.slice(5 * seen, 5 * seen + 5));
      }
    }
  }
});

Deno.test("attention gives NaN for a query that sees nothing or is NaN itself, and for no other", async () => {
  const masked = (await attend(300, (i) => i === 4 ? -Infinity : 0)).out;
  const spoiled = (await attend(300, () => 0, (q) => q[4 * 5] = NaN)).out;
  for (const out of [masked, spoiled]) {
    out.forEach((value, i) => assert.equal(Number.isNaN(value), Math.floor(i / 5) === 4));
  }
});

Deno.test("createBuffer() gives zeros, also where another buffer was before", async () => {
  using device = await wasm({ threads: 1 });
  const old = device.createBuffer("f32", 1000);
  await old.write(new Float32Array(1000).fill(7));
  old[Symbol.dispose]();
  using fresh = device.createBuffer("f32", 900);
  assert.deepEqual(await fresh.read(), new Float32Array(900));
});
