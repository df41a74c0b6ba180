// Which kernels the backends have, known before a device is open.

import type { Kernel } from "../compile/program.ts";
import { lower as wasm } from "./wasm/lower.ts";
import { lower as webgpu } from "./webgpu/lower.ts";

/**
 * Kernels of a backend: those of its devices, for plans that are made before one is open.
 *
 * @param backend on which a plan would run
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.ok(backendKernels("wasm").has("attention"));
 * ```
 */
export function backendKernels(backend: "wasm" | "webgpu"): ReadonlySet<Kernel> {
  return new Set(Object.keys(backend === "wasm" ? wasm : webgpu) as Kernel[]);
}
