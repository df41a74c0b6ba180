// Accuracy of the elementary functions, in units of the last place of f32, and their limits.

import assert from "node:assert/strict";
import { wasm } from "../../../lib/backend/wasm/device.ts";
import type { Device } from "../../../lib/compile/device.ts";
import { wholeView } from "../../../lib/compile/view.ts";
import { apply, operand, type ScalarFunction } from "../../../lib/ir/scalar.ts";
import { Draw, launchOf } from "../random_launches.ts";
import { encodeFp16, runLaunches } from "../run_launch.ts";

const EVERY = [
  { relaxed: true, name: "relaxed SIMD" },
  { relaxed: false, name: "SIMD" },
];

/** Values of a function of one or two arguments on the device. */
async function evaluate(device: Device, fn: ScalarFunction, ...args: Float32Array[]): Promise<Float32Array> {
  const n = args[0]!.length;
  const views = args.map((_, i) => wholeView(i, "f32", [n]));
  const out = wholeView(args.length, "f32", [n]);
  const launch = launchOf("map", views, [out], { expression: apply(fn, ...args.map((_, i) => operand(i))) });
  const contents = [...args, new Float32Array(n)].map((data) => ({ dtype: "f32" as const, data }));
  return (await runLaunches(device, [launch], contents))[args.length] as Float32Array;
}

/** Equal numbers; all NaN are alike, the zeros are not. */
function same(got: Float32Array, ...want: number[]): void {
  assert.deepEqual([...got], want);
}

/** Distance to the next f32 around a value, in the normal range at least. */
function lastPlace(value: number): number {
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), -126) - 23);
}

function worst(got: Float32Array, want: (i: number) => number): number {
  let most = 0;
  got.forEach((value, i) => {
    const exact = want(i);
    if (Math.fround(exact) === value) return;
    const error = Math.abs(value - exact) / lastPlace(exact);
    assert.ok(!Number.isNaN(error), `element ${i} is ${value}, wanted ${exact}`);
    most = Math.max(most, error);
  });
  return most;
}

for (const { relaxed, name } of EVERY) {
  Deno.test(`exp is within 1.1 units of the last place over its whole range (${name})`, async () => {
    using device = await wasm({ threads: 1, relaxed });
    const x = Float32Array.from({ length: 200_001 }, (_, i) => -104 + i * 192.7 / 200_000);
    assert.ok(worst(await evaluate(device, "exp", x), (i) => Math.exp(x[i]!)) < 1.1);
    const edge = Float32Array.of(0, -0, -Infinity, Infinity, NaN, 89, -150, 88.7);
    const limits = [1, 1, 0, Infinity, NaN, Infinity, 0, Math.fround(Math.exp(Math.fround(88.7)))];
    const got = await evaluate(device, "exp", edge);
    limits.forEach((want, i) => assert.ok(Object.is(got[i], want) || Math.abs(got[i]! / want - 1) < 2e-7));
  });

  Deno.test(`log is within 0.6 units of the last place, denormal numbers included (${name})`, async () => {
    using device = await wasm({ threads: 1, relaxed });
    const draw = new Draw(5);
    const x = Float32Array.from({ length: 50_000 }, () => 2 ** (draw.unit() * 277 - 149));
    assert.ok(worst(await evaluate(device, "log", x), (i) => Math.log(x[i]!)) < 0.6);
    const near = Float32Array.from({ length: 10_000 }, () => 1 + (draw.unit() - 0.5) * 1e-3);
    assert.ok(worst(await evaluate(device, "log", near), (i) => Math.log(near[i]!)) < 0.6);
    const edge = await evaluate(device, "log", Float32Array.of(1, 0, -0, Infinity, -1, NaN, -Infinity));
    same(edge, 0, -Infinity, -Infinity, Infinity, NaN, NaN, NaN);
  });

  Deno.test(`sigmoid is within 2.5 units of the last place and saturates (${name})`, async () => {
    using device = await wasm({ threads: 1, relaxed });
    const x = Float32Array.from({ length: 100_001 }, (_, i) => -80 + i * 160 / 100_000);
    assert.ok(worst(await evaluate(device, "sigmoid", x), (i) => 1 / (1 + Math.exp(-x[i]!))) < 2.5);
    const edge = await evaluate(device, "sigmoid", Float32Array.of(-Infinity, Infinity, NaN, -200, 200, 0));
    same(edge, 0, 1, NaN, 0, 1, 0.5);
  });

  Deno.test(`sinOfProduct and cosOfProduct keep 1e-7 for angles of 402 radians and far beyond (${name})`, async () => {
    using device = await wasm({ threads: 1, relaxed });
    const draw = new Draw(6);
    for (const range of [1, 402, 1e6, 1e9]) {
      const x = Float32Array.from({ length: 20_000 }, () => 2 * draw.unit() - 1);
      const y = Float32Array.from({ length: 20_000 }, () => range * draw.unit());
      for (const [fn, exact] of [["sinOfProduct", Math.sin], ["cosOfProduct", Math.cos]] as const) {
        const got = await evaluate(device, fn, x, y);
        got.forEach((value, i) => assert.ok(Math.abs(value - exact(x[i]! * y[i]!)) <= 1e-7));
      }
    }
    const [bad] = await evaluate(device, "sinOfProduct", Float32Array.of(Infinity), Float32Array.of(1));
    assert.ok(Number.isNaN(bad));
  });

  Deno.test(`div, sqrt and reciprocal are correctly rounded; comparisons and max pass NaN on (${name})`, async () => {
    using device = await wasm({ threads: 1, relaxed });
    const draw = new Draw(7);
    const x = Float32Array.from({ length: 10_000 }, () => draw.normal() * 2 ** draw.whole(-40, 40));
    const y = Float32Array.from({ length: 10_000 }, () => draw.normal() * 2 ** draw.whole(-40, 40));
    const positive = x.map(Math.abs);
    const round = (f: (i: number) => number) => Float32Array.from(x, (_, i) => f(i));
    assert.deepEqual(await evaluate(device, "div", x, y), round((i) => x[i]! / y[i]!));
    assert.deepEqual(await evaluate(device, "sqrt", positive), round((i) => Math.sqrt(positive[i]!)));
    assert.deepEqual(await evaluate(device, "reciprocal", x), round((i) => 1 / x[i]!));
    const [nan, one] = [Float32Array.of(NaN, 1, 2, -0), Float32Array.of(1, NaN, 1, 0)];
    same(await evaluate(device, "max", nan, one), NaN, NaN, 2, 0);
    same(await evaluate(device, "min", nan, one), NaN, NaN, 1, -0);
    same(await evaluate(device, "less", nan, one), 0, 0, 0, 0);
    same(await evaluate(device, "equal", nan, one), 0, 0, 0, 1);
    same(await evaluate(device, "sign", nan), NaN, 1, 1, -0);
  });

  Deno.test(`select takes one value and never the other, NaN included (${name})`, async () => {
    using device = await wasm({ threads: 1, relaxed });
    const [c, x, y] = [[0, 1, -0, NaN, -2], [NaN, 3, NaN, 5, 6], [7, NaN, 9, NaN, NaN]]
      .map((list) => Float32Array.from(list)) as [Float32Array, Float32Array, Float32Array];
    same(await evaluate(device, "select", c, x, y), 7, 3, 9, 5, 6);
  });

  Deno.test(`cast rounds every fp16 pattern and its neighbours as IEEE does (${name})`, async () => {
    using device = await wasm({ threads: 1, relaxed });
    const half = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const halfView = wholeView(0, "f16", [65_536]);
    const floatView = wholeView(1, "f32", [65_536]);
    const contents = [
      { dtype: "f16" as const, data: half },
      { dtype: "f32" as const, data: new Float32Array(65_536) },
    ];
    const widened =
      (await runLaunches(device, [launchOf("cast", [halfView], [floatView], {})], contents))[1]!;
    const view = new DataView(half.buffer);
    widened.forEach((value, i) => assert.ok(Object.is(value, view.getFloat16(2 * i, true)), `pattern ${i}`));
    // Numbers of fp16, what lies between them, and the middle between two, which rounds to even.
    const draw = new Draw(8);
    const floats = Float32Array.from({ length: 200_000 }, (_, i) => {
      const base = Math.fround(widened[draw.whole(0, 0x7bff)]!);
      const next = base === 0 ? 2 ** -24 : base * (1 + 2 ** -11);
      return (i & 1 ? 1 : -1) *
        (i % 3 === 0 ? base : i % 3 === 1 ? next : base + draw.unit() * (next - base));
    });
    floats.set([65504, 65519.99, 65520, Infinity, -Infinity, NaN, 1e-8, 2 ** -25, 2 ** -25 * 1.0001, 0, -0]);
    const back = await runLaunches(
      device,
      [launchOf("cast", [wholeView(0, "f32", [floats.length])], [wholeView(1, "f16", [floats.length])], {})],
      [{ dtype: "f32", data: floats }, { dtype: "f16", data: new Uint16Array(floats.length) }],
    );
    assert.deepEqual(back[1], encodeFp16(floats));
  });
}
