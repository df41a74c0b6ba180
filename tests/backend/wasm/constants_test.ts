// Numbers that stand in TypeScript and in Rust: what every build exports is what the library has.

import assert from "node:assert/strict";
import { MAX_AXES } from "../../../lib/backend/axes.ts";
import { BITS, DTYPES } from "../../../lib/backend/wasm/bytecode.ts";
import { CONTROL, CONTROL_BYTES, MAX_THREADS } from "../../../lib/backend/wasm/control.ts";
import { HEADER } from "../../../lib/backend/wasm/replay.ts";
import { MOST_INPUTS, REGISTERS } from "../../../lib/backend/wasm/expression.ts";
import { createMemory, kernelModule, NARROW_BYTES } from "../../../lib/backend/wasm/module.ts";
import { K_BLOCK, PANEL_ROWS } from "../../../lib/backend/wasm/layout.ts";
import { RAW_TYPES, UPLOAD } from "../../../lib/backend/wasm/upload.ts";
import { QUANTISED_LEVELS } from "../../../lib/ir/evaluate.ts";

/** In the order of `CONSTANTS` in wasm/src/constants.rs. */
const CONSTANTS: readonly [name: string, value: number][] = [
  ["panel rows", PANEL_ROWS],
  ["k-block", K_BLOCK],
  ["registers of an expression", REGISTERS],
  ["operands of a walk", 1 + MOST_INPUTS],
  ["axes of a walk", MAX_AXES],
  ["threads", MAX_THREADS],
  ["levels of a quantised row", QUANTISED_LEVELS],
  ["addresses of a program's header", HEADER],
  ["f32", DTYPES.f32],
  ["f16", DTYPES.f16],
  ["i32", DTYPES.i32],
  ["f16 that is copied", BITS.f16],
  ["i8", DTYPES.i8],
  ["bytes of the control block", CONTROL_BYTES],
  ["epoch", CONTROL.epoch],
  ["quit", CONTROL.quit],
  ["program", CONTROL.program],
  ["threads of a run", CONTROL.threads],
  ["failed launch", CONTROL.failedLaunch],
  ["failed index", CONTROL.failedIndex],
  ["whether the first thread may wait", CONTROL.mainMayWait],
  ["states", CONTROL.states],
  ["upload", UPLOAD],
  ["stored f32", RAW_TYPES.f32],
  ["stored f16", RAW_TYPES.f16],
  ["stored bf16", RAW_TYPES.bf16],
  ["stored f64", RAW_TYPES.f64],
];

for (const wide of [false, true]) {
  Deno.test(`the kernels have the library's constants (${wide ? 64 : 32}-bit addresses)`, async () => {
    const memory = createMemory(wide ? 2 * NARROW_BYTES : NARROW_BYTES, false);
    const module = await kernelModule(false, false, wide);
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const { value } = exports["CONSTANTS"] as WebAssembly.Global;
    const found = new Uint32Array(memory.buffer, Number(value), CONSTANTS.length);
    assert.deepEqual(CONSTANTS.map(([name], i) => [name, found[i]]), CONSTANTS);
  });
}
