// The fastest device there is: WebGPU where a hardware adapter is found, else the processor.

import type { Device } from "../compile/device.ts";
import { wasm, type WasmOptions } from "./wasm/device.ts";
import type { WebGpuOptions } from "./webgpu/device.ts";
import { webgpu } from "./webgpu/open.ts";

/** Names of the backends, `auto` being the first that works. */
export type BackendName = "wasm" | "webgpu" | "auto";

/** How a device is made, by backend. */
export interface DeviceOptions {
  /** For the processor. */
  readonly wasm?: WasmOptions;
  /** For the GPU. */
  readonly webgpu?: WebGpuOptions;
  /** Told once which backend `auto` took and why. */
  readonly onChoice?: (text: string) => void;
}

/**
 * How a device is made that only forecasts: on the processor without kernels of backward passes.
 *
 * @param options that are given, before all else
 * @param usual for the processor, where they say nothing
 */
export function forForecasts(options: DeviceOptions = {}, usual: WasmOptions = {}): DeviceOptions {
  return { ...options, wasm: { kernels: "forecast", ...usual, ...options.wasm } };
}

/**
 * Makes a device.
 *
 * @param name backend; `auto` tries WebGPU, then WASM
 * @param options for each backend
 * @throws Error when the named backend can not be had
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const choices: string[] = [];
 * using device = await openDevice("auto", { onChoice: (text) => choices.push(text) });
 * assert.match(device.name, /^(webgpu|wasm) /);
 * assert.equal(choices.length, 1);
 * ```
 */
export async function openDevice(name: BackendName, options: DeviceOptions = {}): Promise<Device> {
  if (name === "wasm") return await wasm(options.wasm);
  if (name === "webgpu") return await webgpu(options.webgpu);
  let reason: string;
  try {
    const { isSoftware, requestDevice } = await import("./webgpu/adapter.ts");
    const { device: given } = options.webgpu ?? {};
    const gpu = given ?? await requestDevice();
    if (!isSoftware(gpu)) {
      const { deviceOn } = await import("./webgpu/device.ts");
      const device = await deviceOn(gpu, options.webgpu ?? {}, !given);
      options.onChoice?.(`computing on ${device.name}`);
      return device;
    }
    if (!given) gpu.destroy();
    reason = `its adapter is software, ${gpu.adapterInfo.description || "unnamed adapter"}`;
  } catch (error) {
    reason = (error as Error).message;
  }
  const device = await wasm(options.wasm);
  options.onChoice?.(`computing on ${device.name}, not on WebGPU: ${reason}`);
  return device;
}
