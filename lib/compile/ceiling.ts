// What a device can do at most, measured: products of square matrices, one after the other. A run's speed is judged by
// its share of this.

import { contract, input, sum } from "../ir/tensor.ts";
import { trace } from "../ir/trace.ts";
import { compile } from "./compile.ts";
import type { Device } from "./device.ts";
import { workOf } from "./work.ts";

/** Side of the matrices: small enough for caches, large enough for every tile to be full. */
const SIDE = 512;
const ROUNDS = 3;
/** A measurement of fewer milliseconds is mostly the way to the device and back. */
const LONG_ENOUGH = 40;
const MOST_PRODUCTS = 1024;

/** `sum((x w) w ..)`: one number comes back, so that nothing but products takes time. */
function chain(products: number) {
  return trace({}, () => {
    const w = input("w", { dtype: "f32", shape: [SIDE, SIDE] });
    let x = w;
    for (let i = 0; i < products; i++) x = contract("mk,kn->mn", x, w);
    return { total: sum(x, [0, 1]) };
  });
}

/** Milliseconds of one run, the best of a few, and its arithmetic. */
async function time(
  device: Device,
  products: number,
  now: () => number,
): Promise<{ milliseconds: number; operations: number }> {
  using compiled = await compile(chain(products), device);
  // The identity: no product makes numbers grow.
  const w = Float32Array.from({ length: SIDE * SIDE }, (_, i) => i % (SIDE + 1) === 0 ? 1 : 0);
  await compiled.run({ w });
  let milliseconds = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = now();
    await compiled.run({});
    milliseconds = Math.min(milliseconds, now() - start);
  }
  return { milliseconds, operations: workOf(compiled.program) };
}

/**
 * Floating-point operations a second of matrix products on a device, best of a few: a short calibration, well under a
 * second on most machines.
 *
 * @param device what is measured; nothing else should run on it
 * @param now clock in milliseconds; a shared machine is better judged by CPU time
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { wasm } from "../backend/wasm/device.ts";
 * using device = await wasm();
 * assert.ok(await measureCeiling(device) > 1e8);
 * ```
 */
export async function measureCeiling(
  device: Device,
  now: () => number = () => performance.now(),
): Promise<number> {
  for (let products = 1;; products *= 4) {
    const { milliseconds, operations } = await time(device, products, now);
    if (milliseconds >= LONG_ENOUGH || products >= MOST_PRODUCTS) return operations / milliseconds * 1000;
  }
}
