// The way to the WebGPU backend: shaders and what writes them are loaded by whoever computes on a GPU.

import type { WebGpuDevice, WebGpuOptions } from "./device.ts";

/**
 * Makes a device that computes on the GPU.
 *
 * @param options a device of the caller's, lower limits
 * @returns a device; dispose of it to end it, unless it is the caller's
 * @throws Error when the runtime has no WebGPU or there is no adapter
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const device = await webgpu().catch((error) => (assert.match(error.message, /WebGPU/), null));
 * if (device) {
 *   using buffer = device.createBuffer("f32", 3);
 *   await buffer.write(Float32Array.of(1, 2, 3));
 *   assert.deepEqual(await buffer.read(), Float32Array.of(1, 2, 3));
 *   device[Symbol.dispose]();
 * }
 * ```
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuDevice> {
  return await (await import("./device.ts")).webgpu(options);
}
